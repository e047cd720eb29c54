// SPDX-License-Identifier: MIT OR Apache-2.0
/* A list of system calls as a program of the kernel's filter: see syscall_filter.h and seccomp_filter.rst. */
#include "lib/syscall_filter.h"

#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "lib/macros.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "what does this architecture call itself in audit.h?"
#endif

/* Instructions before the list and behind it. */
#define HEAD 4
#define TAIL 2

int syscall_filter_allow(const int *numbers, size_t count)
{
	static struct sock_filter code[HEAD + SYSCALL_FILTER_MAX + TAIL] _scratch_;
	struct sock_fprog program = { .len = (unsigned short)(HEAD + count + TAIL), .filter = code };
	size_t at = 0;

	if (count > SYSCALL_FILTER_MAX)
		return -E2BIG;
	code[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						  offsetof(struct seccomp_data, arch));
	code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
	code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	code[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						  offsetof(struct seccomp_data, nr));
	/* Each one that matches jumps over the rest of the list and the refusal. x32's numbers match none. */
	for (size_t i = 0; i < count; i++)
		code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							  (uint32_t)numbers[i],
							  (uint8_t)(count - i), 0);
	code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0 ? -errno : 0;
}
