// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The processes of services: found by their pid through a small hash table, signalled by pidfd. A
 * slot has a pid exactly as long as that process has not been reaped, so its pidfd is good. Which
 * process is the main one of a service that forks by itself is found here.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/klog.h"
#include "supervisor/cgroup.h"
#include "supervisor/process.h"
#include "supervisor/service_table.h"

#define PID_BUCKETS 256U
#define PROCESS_NONE UINT32_MAX
/* A cgroup in which main is guessed has a handful of processes; with more nobody could guess. */
#define GUESS_SIZE 4096

static uint32_t pid_table[PID_BUCKETS];

void process_table_init(void)
{
	for (size_t i = 0; i < PID_BUCKETS; i++)
		pid_table[i] = PROCESS_NONE;
}

uint32_t process_index(unit_id id, enum service_role role)
{
	return (uint32_t)id * ROLE_COUNT + (uint32_t)role;
}

static struct service_process *process_at(uint32_t index)
{
	return &service_slot((unit_id)(index / ROLE_COUNT))->process[index % ROLE_COUNT];
}

uint32_t process_find(pid_t pid)
{
	uint32_t index = pid_table[(uint32_t)pid % PID_BUCKETS];

	while (index != PROCESS_NONE && process_at(index)->pid != pid)
		index = process_at(index)->next;
	return index;
}

void process_record(unit_id id, enum service_role role, pid_t pid, int pidfd, int status_fd)
{
	struct service_process *process = &service_slot(id)->process[role];
	uint32_t *bucket = &pid_table[(uint32_t)pid % PID_BUCKETS];

	*process = (struct service_process){
		.pid = pid,
		.pidfd = pidfd,
		.status_fd = status_fd,
		.next = *bucket,
	};
	*bucket = process_index(id, role);
	if (role == ROLE_MAIN)
		service_slot(id)->main_alien = false;
}

void process_forget(unit_id id, enum service_role role)
{
	struct service_process *process = &service_slot(id)->process[role];
	uint32_t index = process_index(id, role);
	uint32_t *link = &pid_table[(uint32_t)process->pid % PID_BUCKETS];

	if (process->pid == 0)
		return;
	while (*link != PROCESS_NONE && *link != index)
		link = &process_at(*link)->next;
	if (*link == index)
		*link = process->next;
	/* Only that of a main process which is no child of ours is watched. */
	process->pidfd = role == ROLE_MAIN && service_slot(id)->main_alien
				 ? fd_close_watched(service_world.epoll_fd, process->pidfd)
				 : fd_close(process->pidfd);
	process->status_fd = fd_close_watched(service_world.epoll_fd, process->status_fd);
	process->pid = 0;
}

void process_tell(unit_id id, enum service_role role, int signal)
{
	const struct service_process *process = &service_slot(id)->process[role];
	int r;

	if (process->pid == 0)
		return;
	r = process_signal(process->pidfd, signal);
	/* A stopped process would never see the signal (systemd.kill(5)). */
	if (r == 0 && signal != SIGKILL)
		r = process_signal(process->pidfd, SIGCONT);
	/* Without cgroups the process group is the best there is: each service leads its own session. */
	if (!cgroup_available())
		(void)process_kill_group(process->pid, signal);
	if (r < 0 && r != -ESRCH)
		log_warning("%s: cannot signal process %d: %s", service_unit(id)->name,
			    process->pid, error_name(r));
}

/* hc-32: only a living process in the unit's own cgroup can be its main process. */
static bool belongs(unit_id id, pid_t pid)
{
	char name[UNIT_NAME_SIZE];

	if (!cgroup_available())
		return true;
	return cgroup_of_process(pid, name) == 0 && strcmp(name, service_unit(id)->name) == 0;
}

int process_adopt(unit_id id, pid_t pid)
{
	struct service *service = service_slot(id);
	struct epoll_event watch = {
		.events = EPOLLIN,
		.data.u64 = SERVICE_SOURCE_ALIEN | id,
	};
	siginfo_t info = { 0 };
	uint32_t index = process_find(pid);
	_cleanup_fd_ int pidfd = -1;

	if (service->process[ROLE_MAIN].pid == pid)
		return 0;
	if (index != PROCESS_NONE)
		return -EPERM;
	pidfd = process_open(pid);
	if (pidfd < 0)
		return pidfd;
	/* Asked after the pidfd is there, and it lives: so the pid meant this process all the time. */
	if (!belongs(id, pid))
		return -EPERM;
	if (!process_alive(pidfd))
		return -ESRCH;
	process_forget(id, ROLE_MAIN);
	/* Its parent may still live; then no SIGCHLD will come, and the pidfd tells. */
	if (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD) {
		if (epoll_ctl(service_world.epoll_fd, EPOLL_CTL_ADD, pidfd, &watch) < 0)
			return -errno;
		process_record(id, ROLE_MAIN, pid, TAKE_FD(pidfd), -1);
		service->main_alien = true;
	} else {
		process_record(id, ROLE_MAIN, pid, TAKE_FD(pidfd), -1);
	}
	service->main_started = clock_now();
	return 0;
}

static int read_pid_file(unit_id id, pid_t *ret_pid)
{
	const char *path = service_unit(id)->service->pid_file;
	_cleanup_fd_ int fd = -1;
	char text[32];
	struct stat st;
	uint64_t pid;
	ssize_t n;

	/* No link, no pipe, no device: whoever may write there must not make PID 1 wait or act. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -EINVAL;
	n = read(fd, text, sizeof(text));
	if (n < 0)
		return -errno;
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' '))
		n--;
	if (str_to_u64(str_trim((struct str){ text, (size_t)n }), &pid) < 0 || pid > INT32_MAX)
		return -EINVAL;
	*ret_pid = (pid_t)pid;
	return 0;
}

/*
 * Who is the only child of PID 1 in the cgroup, once the process that was started has forked and gone,
 * is main. Where there are several nobody can know (GuessMainPID= in systemd.service(5)).
 */
static int guess_main(unit_id id, pid_t *ret_pid)
{
	const struct service *service = service_slot(id);
	char text[GUESS_SIZE];
	struct str rest;
	struct str line;
	pid_t found = 0;
	ssize_t n;

	if (!service_unit(id)->service->guess_main_pid || service->cgroup_fd < 0)
		return -ENOENT;
	n = file_read(service->cgroup_fd, "cgroup.procs", text, sizeof(text));
	if (n < 0)
		return (int)n;
	rest = (struct str){ text, (size_t)n };
	while (str_split(&rest, '\n', &line)) {
		uint64_t pid;

		if (str_to_u64(line, &pid) < 0 || pid <= 1 || pid > INT32_MAX ||
		    (pid_t)pid == service->process[ROLE_CONTROL].pid ||
		    process_parent((pid_t)pid) != getpid())
			continue;
		if (found != 0)
			return -ENOTUNIQ;
		found = (pid_t)pid;
	}
	if (found == 0)
		return -ENOENT;
	*ret_pid = found;
	return 0;
}

int process_find_main(unit_id id)
{
	const char *path = service_unit(id)->service->pid_file;
	pid_t pid;
	int r = path ? read_pid_file(id, &pid) : guess_main(id, &pid);

	if (r == 0)
		r = process_adopt(id, pid);
	if (r < 0 && r != -ENOENT && path)
		log_warning("%s: PIDFile=%s: %s", service_unit(id)->name, path,
			    r == -EPERM	   ? "names a process that is not the service's"
			    : r == -ESRCH  ? "names a process that is gone"
			    : r == -EINVAL ? "holds no process id"
					   : error_name(r));
	return r;
}

bool process_succeeded(unit_id id)
{
	const struct unit *unit = service_unit(id);
	pid_t before = service_slot(id)->process[ROLE_MAIN].pid;
	pid_t pid;

	return unit->service->pid_file && read_pid_file(id, &pid) == 0 && pid != before &&
	       process_adopt(id, pid) == 0;
}

void process_stop_awaiting(unit_id id)
{
	struct service *service = service_slot(id);
	int number = service->pid_file_watch;

	service->pid_file_watch = -1;
	if (number < 0)
		return;
	/* Watches of the same directory are one. */
	for (unit_id other = 0; other < service_world.set->count; other++)
		if (service_slot(other)->pid_file_watch == number)
			return;
	(void)inotify_rm_watch(service_world.inotify_fd, number);
}

void process_await_pid_file(unit_id id)
{
	char path[512];
	struct buf b = BUF(path);

	process_stop_awaiting(id);
	buf_add(&b, service_unit(id)->service->pid_file);
	/* The nearest directory above that is there: what is made in it is looked at anew. */
	while (!b.overflow && b.len > 1) {
		char *slash = strrchr(path, '/');
		int number;

		if (!slash)
			return;
		slash[slash == path] = '\0';
		b.len = strlen(path);
		number = inotify_add_watch(service_world.inotify_fd, path,
					   IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ATTRIB |
						   IN_ONLYDIR);
		if (number >= 0) {
			service_slot(id)->pid_file_watch = number;
			return;
		}
	}
}

static void rewatch(int fd, uint64_t data)
{
	struct epoll_event watch = { .events = EPOLLIN, .data.u64 = data };

	if (fd >= 0)
		(void)epoll_ctl(service_world.epoll_fd, EPOLL_CTL_MOD, fd, &watch);
}

void process_table_moved(void)
{
	process_table_init();
	for (uint32_t index = 0; index < (uint32_t)service_world.set->count * ROLE_COUNT; index++) {
		struct service_process *process = process_at(index);
		unit_id id = (unit_id)(index / ROLE_COUNT);
		uint32_t *bucket;

		if (process->pid == 0)
			continue;
		bucket = &pid_table[(uint32_t)process->pid % PID_BUCKETS];
		process->next = *bucket;
		*bucket = index;
		rewatch(process->status_fd, SERVICE_SOURCE_STATUS | index);
		if (index % ROLE_COUNT == ROLE_MAIN && service_slot(id)->main_alien)
			rewatch(process->pidfd, SERVICE_SOURCE_ALIEN | id);
	}
}
