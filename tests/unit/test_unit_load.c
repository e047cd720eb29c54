// SPDX-License-Identifier: MIT OR Apache-2.0
/* supervisor/unit_load: a search path made in a temporary directory, and what comes of it. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/fd.h"
#include "supervisor/calendar_parse.h"
#include "supervisor/graph.h"
#include "supervisor/unit_load.h"

static char top[64];
static char strong[80];
static char weak[80];
static const char *search_path[] = { strong, weak, NULL };
static struct unit_set set;
static char said[8192];
static struct buf problems;

static void on_problem(void *context, const struct unit_problem *p)
{
	assert_ptr_equal(context, &set);
	buf_printf(&problems, "%s:%u:" STR_FORMAT ":%s\n",
		   p->file ? strrchr(p->file, '/') + 1 : "-", p->line, STR_ARGS(p->key), p->reason);
}

static const struct unit_loader loader = {
	.search_path = search_path,
	.problem = on_problem,
	.context = &set,
};

static int setup(void **state _unused_)
{
	struct buf b = BUF(top);

	buf_add(&b, "/tmp/test_unit_load.XXXXXX");
	if (!mkdtemp(top))
		return -1;
	b = BUF(strong);
	buf_printf(&b, "%s/strong", top);
	b = BUF(weak);
	buf_printf(&b, "%s/weak", top);
	problems = BUF(said);
	return mkdir(strong, 0755) < 0 || mkdir(weak, 0755) < 0 ? -1 : 0;
}

static int remove_one(const char *path, const struct stat *st _unused_, int kind _unused_,
		      struct FTW *ftw _unused_)
{
	return remove(path);
}

static int teardown(void **state _unused_)
{
	return nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static const char *below(const char *directory, const char *name)
{
	static char path[256];
	struct buf b = BUF(path);
	char *slash;

	buf_printf(&b, "%s/%s", directory, name);
	slash = strrchr(path, '/');
	*slash = '\0';
	assert_int_equal(make_directories(path, 0755), 0);
	*slash = '/';
	return path;
}

static void put(const char *directory, const char *name, const char *text)
{
	assert_int_equal(file_replace(below(directory, name), text, strlen(text), 0644, false), 0);
}

static void put_link(const char *directory, const char *name, const char *target)
{
	assert_int_equal(symlink(target, below(directory, name)), 0);
}

static const struct unit *load(const char *name)
{
	unit_id id = UNIT_NONE;

	assert_int_equal(unit_load(&loader, &set, name, &id), 0);
	assert_true(id < set.count);
	return &set.units[id];
}

static const struct unit *get(const char *name)
{
	unit_id id = unit_find(&set, name);

	if (id == UNIT_NONE)
		fail_msg("%s is not in the set", name);
	return &set.units[id];
}

static bool has_edge(const char *from, const char *to, enum unit_dependency kind)
{
	unit_id id = unit_find(&set, from);
	size_t count;
	size_t both = 0;
	const struct unit_edge *edges;

	assert_int_not_equal(id, UNIT_NONE);
	edges = graph_edges(&set, id, &count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(edges[i].from, id);
		if (edges[i].kind == kind && strcmp(set.units[edges[i].to].name, to) == 0)
			both++;
	}
	id = unit_find(&set, to);
	if (id == UNIT_NONE)
		return false;
	/* The same edges stand in the other index. */
	edges = graph_reverse_edges(&set, id, &count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(edges[i].to, id);
		if (edges[i].kind == kind && strcmp(set.units[edges[i].from].name, from) == 0)
			both--;
	}
	assert_int_equal(both, 0);
	edges = graph_edges(&set, unit_find(&set, from), &count);
	for (size_t i = 0; i < count; i++)
		if (edges[i].kind == kind && strcmp(set.units[edges[i].to].name, to) == 0)
			return true;
	return false;
}

#define PLAIN "[Unit]\nDefaultDependencies=no\n"
#define SERVICE PLAIN "[Service]\nExecStart=/bin/true\n"

static void test_closure(void **state _unused_)
{
	const struct unit *unit;

	put(weak, "a.target", PLAIN "Wants=b.service\nAfter=c.service\n");
	put(weak, "b.service",
	    PLAIN "Requires=d.service\nBefore=e.service\n"
		  "After=x.path y.mount\n[Service]\nExecStart=/bin/true\n");
	put(weak, "c.service", SERVICE);
	put(weak, "d.service", SERVICE);
	unit = load("a.target");
	assert_string_equal(unit->name, "a.target");
	assert_int_equal(unit->type, UNIT_TARGET);
	assert_int_equal(unit->load, UNIT_LOADED);
	assert_int_equal(set.count, 5);
	assert_int_equal(get("b.service")->load, UNIT_LOADED);
	assert_int_equal(get("d.service")->load, UNIT_LOADED);
	assert_int_equal(get("e.service")->load, UNIT_NOT_FOUND);
	assert_true(has_edge("a.target", "b.service", UNIT_WANTS));
	assert_true(has_edge("a.target", "c.service", UNIT_AFTER));
	assert_true(has_edge("b.service", "d.service", UNIT_REQUIRES));
	/* Before is After the other way round. */
	assert_true(has_edge("e.service", "b.service", UNIT_AFTER));
	/* Types that Orlop does not run are passed over. */
	assert_int_equal(set.edge_count, 4);
	assert_string_equal(said, "");
}

static void test_stronger_directory_wins(void **state _unused_)
{
	put(strong, "a.service", PLAIN "Description=strong\n[Service]\nExecStart=/bin/true\n");
	put(weak, "a.service", PLAIN "Description=weak\n[Service]\nExecStart=/bin/true\n");
	assert_string_equal(load("a.service")->description, "strong");
}

static void test_drop_ins(void **state _unused_)
{
	const struct unit *unit;
	const char *item;

	put(weak, "a.service",
	    PLAIN "Description=file\n[Service]\nExecStart=/bin/true\nEnvironment=O=0\n");
	put(weak, "a.service.d/50-b.conf", "[Service]\nEnvironment=O=weak-50\n");
	put(weak, "a.service.d/10-a.conf", "[Service]\nEnvironment=O=weak-10\n");
	put(strong, "a.service.d/20-c.conf", "[Service]\nEnvironment=O=strong-20\n");
	/* The same name in a stronger directory hides the weak one. */
	put(strong, "a.service.d/50-b.conf",
	    "[Unit]\nDescription=drop-in\n[Service]\nEnvironment=O=strong-50\n");
	put(strong, "a.service.d/99-x.txt", "[Unit]\nDescription=not a drop-in\n");
	/* Hidden by a link to /dev/null. */
	put(weak, "a.service.d/60-d.conf", "[Unit]\nDescription=masked\n");
	put_link(strong, "a.service.d/60-d.conf", "/dev/null");
	unit = load("a.service");
	assert_string_equal(unit->description, "drop-in");
	item = text_list_next(&unit->exec->environment, NULL);
	assert_string_equal(item, "O=0");
	item = text_list_next(&unit->exec->environment, item);
	assert_string_equal(item, "O=weak-10");
	item = text_list_next(&unit->exec->environment, item);
	assert_string_equal(item, "O=strong-20");
	item = text_list_next(&unit->exec->environment, item);
	assert_string_equal(item, "O=strong-50");
	assert_null(text_list_next(&unit->exec->environment, item));
	assert_string_equal(said, "");
}

static void test_links_of_dependencies(void **state _unused_)
{
	put(weak, "a.target", PLAIN);
	put(weak, "b.service", SERVICE);
	put(weak, "c.service", SERVICE);
	put_link(weak, "a.target.wants/b.service", "../b.service");
	put_link(strong, "a.target.requires/c.service", "../../weak/c.service");
	/* Twice the same is once. */
	put_link(strong, "a.target.wants/b.service", "/anywhere");
	put(strong, "a.target.wants/README", "not a unit");
	load("a.target");
	assert_true(has_edge("a.target", "b.service", UNIT_WANTS));
	assert_true(has_edge("a.target", "c.service", UNIT_REQUIRES));
	assert_int_equal(set.edge_count, 2);
	assert_string_equal(said, "a.target:0:README:is not the name of a unit\n");
}

static void test_aliases(void **state _unused_)
{
	put(weak, "real.target", PLAIN "Wants=nick.service\n");
	put_link(weak, "default.target", "real.target");
	put_link(strong, "first.target", "default.target");
	put(weak, "proper.service", SERVICE);
	put_link(weak, "nick.service", "/somewhere/else/proper.service");
	assert_string_equal(load("first.target")->name, "real.target");
	assert_true(has_edge("real.target", "proper.service", UNIT_WANTS));
	assert_int_equal(unit_find(&set, "nick.service"), UNIT_NONE);
	assert_int_equal(set.count, 2);
}

static void test_alias_circle(void **state _unused_)
{
	unit_id id;

	put_link(weak, "a.target", "b.target");
	put_link(weak, "b.target", "a.target");
	assert_int_equal(unit_load(&loader, &set, "a.target", &id), -ELOOP);
	/* Named by another unit it is reported, and the rest goes on. */
	put(weak, "c.target", PLAIN "Wants=a.target d.service\n");
	put(weak, "d.service", SERVICE);
	load("c.target");
	assert_string_equal(said, "c.target:0:a.target:is an alias that leads in a circle\n");
	assert_true(has_edge("c.target", "d.service", UNIT_WANTS));
}

static void test_templates(void **state _unused_)
{
	const struct unit *unit;

	put(weak, "a.target", PLAIN "Wants=web@one.service web@two.service\n");
	put(weak, "web@.service", PLAIN "Description=Web %i\n[Service]\nExecStart=/bin/web %I\n");
	put(weak, "web@.service.d/10.conf", "[Service]\nEnvironment=ALL=%i\n");
	put(strong, "web@two.service.d/20.conf", "[Unit]\nDescription=The second\n");
	load("a.target");
	unit = get("web@one.service");
	assert_int_equal(unit->load, UNIT_LOADED);
	assert_string_equal(unit->description, "Web one");
	assert_true(text_list_has(&unit->exec->environment, "ALL=one"));
	assert_true(text_list_has(&unit_commands(unit, EXEC_START)->arguments, "one"));
	unit = get("web@two.service");
	assert_string_equal(unit->description, "The second");
	assert_true(text_list_has(&unit->exec->environment, "ALL=two"));
	/* An instance may have a file of its own, or a link to its template. */
	put(strong, "web@one.service", PLAIN "Description=Own\n[Service]\nExecStart=/bin/true\n");
	put_link(strong, "web@two.service", "../weak/web@.service");
	load("a.target");
	assert_string_equal(get("web@one.service")->description, "Own");
	assert_string_equal(get("web@two.service")->name, "web@two.service");
	assert_int_equal(get("web@two.service")->load, UNIT_LOADED);
}

static void test_masked_and_missing(void **state _unused_)
{
	put(weak, "a.service", SERVICE);
	put_link(strong, "a.service", "/dev/null");
	assert_int_equal(load("a.service")->load, UNIT_MASKED);
	assert_int_equal(load("missing.service")->load, UNIT_NOT_FOUND);
	assert_string_equal(said, "");
}

/* Each is reported by name, and the units beside it are loaded. */
static void test_unusable_files(void **state _unused_)
{
	static char large[UNIT_FILE_MAX + 1];

	put(weak, "all.target",
	    PLAIN "Wants=nul.service large.service directory.service dangling.service "
		  "empty.service good.service\n");
	assert_int_equal(file_replace(below(weak, "nul.service"), "[Unit]\n\0Descr", 13, 0644, false),
			 0);
	memset(large, '#', sizeof(large));
	assert_int_equal(file_replace(below(weak, "large.service"), large, sizeof(large), 0644, false),
			 0);
	(void)below(weak, "directory.service/x");
	put_link(weak, "dangling.service", "/nowhere/file");
	put(weak, "empty.service", "");
	put(weak, "good.service", SERVICE);
	load("all.target");
	assert_int_equal(get("nul.service")->load, UNIT_BAD);
	assert_int_equal(get("large.service")->load, UNIT_BAD);
	assert_int_equal(get("directory.service")->load, UNIT_BAD);
	assert_int_equal(get("dangling.service")->load, UNIT_BAD);
	/* An empty file is a mask, as a link to /dev/null is. */
	assert_int_equal(get("empty.service")->load, UNIT_MASKED);
	assert_int_equal(get("good.service")->load, UNIT_LOADED);
	assert_string_equal(said, "nul.service:0::holds a NUL byte: not a text file\n"
				  "large.service:0::is longer than 64 KiB\n"
				  "directory.service:0::Is a directory\n"
				  "dangling.service:0::No such file or directory\n");
}

static void test_faults_have_file_and_line(void **state _unused_)
{
	put(weak, "a.service", SERVICE "Typ=notify\n");
	put(weak, "a.service.d/10.conf", "\n[Service]\nRestart=maybe\n");
	assert_int_equal(load("a.service")->load, UNIT_LOADED);
	assert_string_equal(said, "a.service:5:Typ:is a directive that Orlop does not support; ignored\n"
				  "10.conf:3:Restart:no, on-success, on-failure, on-abnormal, on-abort, "
				  "on-watchdog or always\n");
}

static void test_default_dependencies(void **state _unused_)
{
	put(weak, "a.target", "[Unit]\nWants=b.service d.service\nRequires=c.service\n");
	put(weak, "b.service", "[Service]\nExecStart=/bin/true\n");
	put(weak, "c.service", SERVICE);
	put(weak, "d.service", "[Unit]\nAfter=a.target\n[Service]\nExecStart=/bin/true\n");
	load("a.target");
	assert_true(has_edge("a.target", "b.service", UNIT_AFTER));
	/* c.service has DefaultDependencies=no, and d.service is itself after the target. */
	assert_false(has_edge("a.target", "c.service", UNIT_AFTER));
	assert_false(has_edge("a.target", "d.service", UNIT_AFTER));
	assert_true(has_edge("a.target", "shutdown.target", UNIT_CONFLICTS));
	assert_true(has_edge("shutdown.target", "a.target", UNIT_AFTER));
	assert_true(has_edge("b.service", "sysinit.target", UNIT_REQUIRES));
	assert_true(has_edge("b.service", "sysinit.target", UNIT_AFTER));
	assert_true(has_edge("b.service", "basic.target", UNIT_AFTER));
	assert_true(has_edge("b.service", "shutdown.target", UNIT_CONFLICTS));
	/* Ordered after is not wanted. */
	assert_false(has_edge("b.service", "basic.target", UNIT_REQUIRES));
	assert_false(has_edge("c.service", "sysinit.target", UNIT_REQUIRES));
	assert_false(has_edge("c.service", "shutdown.target", UNIT_CONFLICTS));
}

static void test_bad_names(void **state _unused_)
{
	unit_id id;

	put(weak, "a.target", PLAIN "Wants=../b.service c.service a.target nonsense\n");
	put(weak, "c.service", SERVICE);
	load("a.target");
	assert_string_equal(said, "a.target:0:../b.service:is not the name of a unit\n"
				  "a.target:0:nonsense:is not the name of a unit\n");
	/* A unit does not depend on itself. */
	assert_int_equal(set.edge_count, 1);
	assert_int_equal(unit_load(&loader, &set, "no-suffix", &id), -EINVAL);
	assert_int_equal(unit_load(&loader, &set, "a.mount", &id), -EINVAL);
}

/* hc-46, hc-47: more than fits is an error of the whole, not a smaller whole. */
static void test_too_many_units_hc_47(void **state _unused_)
{
	static char text[64 * 1024];
	unit_id id;

	for (int file = 0; file < 2; file++) {
		struct buf b = BUF(text);
		char name[32];
		struct buf n = BUF(name);

		buf_add(&b, PLAIN);
		if (file == 0)
			buf_add(&b, "Wants=more.target\n");
		for (int i = 0; i < UNIT_MAX / 2; i++)
			buf_printf(&b, "Wants=unit-%d-%d.service\n", file, i);
		assert_false(b.overflow);
		buf_add(&n, file == 0 ? "a.target" : "more.target");
		put(weak, name, text);
	}
	assert_int_equal(unit_load(&loader, &set, "a.target", &id), -ENOSPC);
	/* The set can be used again. */
	put(weak, "b.service", SERVICE);
	assert_int_equal(load("b.service")->load, UNIT_LOADED);
	assert_int_equal(set.count, 1);
}

static void test_missing_directories(void **state _unused_)
{
	static const char *const nowhere[] = { "/nowhere/at/all", NULL };
	struct unit_loader elsewhere = loader;
	unit_id id;

	elsewhere.search_path = nowhere;
	assert_int_equal(unit_load(&elsewhere, &set, "a.service", &id), 0);
	assert_int_equal(set.units[id].load, UNIT_NOT_FOUND);
	assert_string_equal(said, "");
}

/* systemd.unit(5): directories of the prefixes and of the type, from the special to the general. */
static void test_drop_ins_of_prefix_and_type(void **state _unused_)
{
	const struct unit *unit;

	put(weak, "foo-bar-baz@.service", SERVICE "Environment=FILE=1\n");
	put(weak, "service.d/10.conf", "[Service]\nEnvironment=TYPE=1\n");
	put(weak, "foo-.service.d/20.conf", "[Service]\nEnvironment=FOO=1\n");
	put(weak, "foo-bar-@.service.d/30.conf", "[Service]\nEnvironment=TEMPLATE=%i\n");
	put(weak, "foo-bar-@x.service.d/40.conf", "[Service]\nEnvironment=BAR=1\n");
	put(weak, "foo-@.service.d/50.conf", "[Service]\nEnvironment=FOOT=1\n");
	/* The same name in a more special directory hides the general one. */
	put(weak, "service.d/60.conf", "[Unit]\nDescription=type\n");
	put(weak, "foo-bar-baz@.service.d/60.conf", "[Unit]\nDescription=template\n");
	unit = load("foo-bar-baz@x.service");
	assert_string_equal(unit->description, "template");
	assert_true(text_list_has(&unit->exec->environment, "TYPE=1"));
	assert_true(text_list_has(&unit->exec->environment, "TEMPLATE=x"));
	assert_true(text_list_has(&unit->exec->environment, "BAR=1"));
	assert_true(text_list_has(&unit->exec->environment, "FOOT=1"));
	/* An instance is no plain unit. */
	assert_false(text_list_has(&unit->exec->environment, "FOO=1"));
	assert_string_equal(said, "");

	put(weak, "foo-one.service", SERVICE);
	assert_true(text_list_has(&load("foo-one.service")->exec->environment, "FOO=1"));
}

static void test_links_masked_and_instantiated(void **state _unused_)
{
	put(weak, "a@.target", PLAIN);
	put(weak, "b.service", SERVICE);
	put(weak, "c@.service", SERVICE);
	put(weak, "d.service", SERVICE);
	put_link(weak, "a@x.target.wants/b.service", "../b.service");
	put_link(strong, "a@x.target.wants/b.service", "/dev/null");
	put_link(weak, "a@.target.wants/c@.service", "../c@.service");
	put_link(weak, "a@.target.upholds/d.service", "../d.service");
	load("a@x.target");
	assert_int_equal(unit_find(&set, "b.service"), UNIT_NONE);
	assert_true(has_edge("a@x.target", "c@x.service", UNIT_WANTS));
	assert_true(has_edge("a@x.target", "d.service", UNIT_UPHOLDS));
	assert_string_equal(said, "");
}

static void test_aliases_of_templates(void **state _unused_)
{
	put(weak, "ssh@.service", SERVICE);
	put_link(weak, "sshd@.service", "ssh@.service");
	assert_string_equal(load("sshd@7.service")->name, "ssh@7.service");
	put(weak, "a.service",
	    "[Unit]\nDefaultDependencies=no\nBefore=sshd@.service\nWants=ssh@.service\n"
	    "[Service]\nExecStart=/bin/true\n");
	load("a.service");
	/* Nothing can be ordered by a template; to want one is a mistake. */
	assert_string_equal(said, "a.service:0:ssh@.service:is a template, which is no unit without an "
				  "instance\n");
}

static void test_sockets_and_timers(void **state _unused_)
{
	put(weak, "web.service", "[Service]\nExecStart=/bin/web\n");
	put(weak, "web.socket", "[Socket]\nListenStream=80\n");
	put(weak, "other.socket", "[Socket]\nListenStream=81\nService=web.service\n");
	put(weak, "conn.socket", "[Socket]\nListenStream=82\nAccept=yes\n");
	put(weak, "web.timer", "[Timer]\nOnCalendar=daily\n");
	put(weak, "boot.timer", "[Timer]\nOnBootSec=1\nUnit=web.service\n");
	put(weak, "all.target",
	    PLAIN "Wants=web.socket other.socket conn.socket web.timer boot.timer\n");
	load("all.target");
	assert_string_equal(said, "");
	assert_true(has_edge("web.socket", "web.service", UNIT_TRIGGERS));
	assert_true(has_edge("web.service", "web.socket", UNIT_AFTER));
	assert_true(has_edge("other.socket", "web.service", UNIT_TRIGGERS));
	assert_true(has_edge("sockets.target", "web.socket", UNIT_AFTER));
	assert_true(has_edge("web.socket", "sysinit.target", UNIT_REQUIRES));
	assert_true(has_edge("web.socket", "shutdown.target", UNIT_CONFLICTS));
	assert_false(has_edge("web.socket", "basic.target", UNIT_AFTER));
	/* The instances of an Accept=yes socket are not known yet. */
	assert_int_equal(unit_find(&set, "conn.service"), UNIT_NONE);
	assert_true(has_edge("web.timer", "web.service", UNIT_TRIGGERS));
	assert_true(has_edge("web.service", "web.timer", UNIT_AFTER));
	assert_true(has_edge("timers.target", "web.timer", UNIT_AFTER));
	assert_true(has_edge("web.timer", "time-sync.target", UNIT_AFTER));
	assert_false(has_edge("boot.timer", "time-sync.target", UNIT_AFTER));
	assert_true(has_edge("boot.timer", "web.service", UNIT_TRIGGERS));
	assert_int_equal(get("web.timer")->timer->values->calendar->seconds_count, 1);
}

static void test_edges_of_others(void **state _unused_)
{
	put(weak, "a.service",
	    PLAIN "ReloadPropagatedFrom=b.service\nStopPropagatedFrom=b.service\n"
		  "PropagatesReloadTo=c.service\nOnFailure=c.service\nUpholds=c.service\n"
		  "Requisite=c.service\nRequiresMountsFor=/srv /var\nAfter=c.service c.service\n"
		  "[Service]\nExecStart=/bin/true\n");
	load("a.service");
	assert_true(has_edge("b.service", "a.service", UNIT_PROPAGATES_RELOAD_TO));
	assert_true(has_edge("b.service", "a.service", UNIT_PROPAGATES_STOP_TO));
	assert_true(has_edge("a.service", "c.service", UNIT_PROPAGATES_RELOAD_TO));
	assert_true(has_edge("a.service", "c.service", UNIT_ON_FAILURE));
	assert_true(has_edge("a.service", "c.service", UNIT_UPHOLDS));
	assert_true(has_edge("a.service", "c.service", UNIT_REQUISITE));
	assert_true(has_edge("a.service", "local-fs.target", UNIT_AFTER));
	/* Twice the same is once. */
	assert_int_equal(set.edge_count, 8);
}

static unit_id more(const char *name)
{
	unit_id id = UNIT_NONE;

	assert_int_equal(unit_load_more(&loader, &set, name, &id), 0);
	return id;
}

static void test_load_more(void **state _unused_)
{
	unit_id a;
	unit_id b;
	uint32_t edges;

	put(weak, "all.target", PLAIN "Wants=a.service late.service\n");
	put(weak, "a.service", SERVICE);
	put(weak, "web@.service",
	    PLAIN "Requires=a.service\nBefore=late.service\nAfter=new.service\n"
		  "[Service]\nExecStart=/bin/web %i\n");
	load("all.target");
	a = unit_find(&set, "a.service");
	b = more("web@1.service");
	assert_int_equal(set.count, 5);
	assert_string_equal(set.units[a].name, "a.service");
	assert_true(text_list_has(&unit_commands(&set.units[b], EXEC_START)->arguments, "1"));
	assert_true(has_edge("web@1.service", "a.service", UNIT_REQUIRES));
	assert_true(has_edge("late.service", "web@1.service", UNIT_AFTER));
	assert_true(has_edge("all.target", "a.service", UNIT_WANTS));
	/* What is there is there. */
	edges = set.edge_count;
	assert_int_equal(more("web@1.service"), b);
	assert_int_equal(set.edge_count, edges);
	/* What was not found is looked for again, in its place. */
	b = unit_find(&set, "late.service");
	assert_int_equal(set.units[b].load, UNIT_NOT_FOUND);
	put(weak, "late.service", PLAIN "Requires=a.service\n[Service]\nExecStart=/bin/true\n");
	assert_int_equal(more("late.service"), b);
	assert_int_equal(set.units[b].load, UNIT_LOADED);
	assert_true(has_edge("late.service", "a.service", UNIT_REQUIRES));
	assert_true(has_edge("late.service", "web@1.service", UNIT_AFTER));
	assert_string_equal(said, "");
}

/* hc-46: what does not fit leaves the set as it was, byte for byte where it counts. */
static void test_load_more_fails_hc_46(void **state _unused_)
{
	static char text[64 * 1024];
	static struct unit_set before;
	struct buf b = BUF(text);
	unit_id id = 77;

	put(weak, "all.target", PLAIN "Wants=a.service\n");
	put(weak, "a.service", SERVICE);
	load("all.target");
	buf_add(&b, PLAIN);
	for (int i = 0; i < UNIT_MAX; i++)
		buf_printf(&b, "Wants=unit-%d.service\n", i);
	put(weak, "big.target", text);
	before = set;
	assert_int_equal(unit_load_more(&loader, &set, "big.target", &id), -ENOSPC);
	assert_int_equal(id, 77);
	assert_int_equal(set.count, before.count);
	assert_int_equal(set.edge_count, before.edge_count);
	assert_int_equal(set.text.used, before.text.used);
	assert_memory_equal(set.name_head, before.name_head, sizeof(set.name_head));
	assert_memory_equal(set.edges, before.edges, before.edge_count * sizeof(set.edges[0]));
	assert_memory_equal(set.first_edge, before.first_edge, (before.count + 1U) * sizeof(uint32_t));
	assert_int_equal(unit_find(&set, "unit-3.service"), UNIT_NONE);
	assert_int_equal(unit_load_more(&loader, &set, "no-suffix", &id), -EINVAL);
	assert_int_equal(unit_load_more(&loader, &set, "a@.service", &id), -EINVAL);
	put(weak, "b.service", SERVICE);
	assert_string_equal(set.units[more("b.service")].name, "b.service");
}

/* A unit may say much, but not without end; the others are loaded. */
static void test_unit_that_says_too_much(void **state _unused_)
{
	static char text[60 * 1024];

	put(weak, "all.target", PLAIN "Wants=big.service good.service\n");
	put(weak, "good.service", SERVICE);
	for (int i = 0; i < 16; i++) {
		struct buf b = BUF(text);
		char name[64];
		struct buf n = BUF(name);

		buf_add(&b, "[Service]\n");
		while (b.len < sizeof(text) - 100)
			buf_add(&b, "Environment=A_VARIABLE_WITH_A_LONG_NAME=AND_A_VALUE_THAT_IS_LONG_TOO\n");
		buf_printf(&n, "big.service.d/%02d.conf", i);
		put(weak, name, text);
	}
	put(weak, "big.service", SERVICE);
	load("all.target");
	assert_int_equal(get("big.service")->load, UNIT_BAD);
	assert_int_equal(get("good.service")->load, UNIT_LOADED);
	assert_non_null(strstr(said, "says more than a unit may say"));
}

#define SERVICES 200
/* What a service may cost beside its neighbours that say the same, in bytes. */
#define SERVICE_COST_MAX 350

static size_t set_size(void)
{
	return set.text.used +
	       set.count * (sizeof(struct unit) + sizeof(unit_id) + 2 * sizeof(uint32_t)) +
	       set.edge_count * 2 * sizeof(struct unit_edge);
}

static void test_equal_services_share(void **state _unused_)
{
	static char text[16 * 1024];
	struct buf b = BUF(text);
	size_t one;
	size_t cost;

	buf_add(&b, PLAIN);
	put(weak, "web@.service",
	    "[Unit]\nDescription=One of many\nConditionPathExists=/\n"
	    "[Service]\nType=notify\nRestart=always\nExecStart=/usr/bin/web --serve\n"
	    "Environment=A=1 B=2\nCapabilityBoundingSet=CAP_KILL\nProtectSystem=strict\n"
	    "SystemCallFilter=@system-service\nMemoryMax=1G\nSuccessExitStatus=143\n");
	for (int i = 0; i < SERVICES; i++)
		buf_printf(&b, "Wants=web@%d.service\n", i);
	assert_false(b.overflow);
	put(weak, "one.target", PLAIN "Wants=web@0.service\n");
	put(weak, "all.target", text);
	load("one.target");
	one = set_size();
	load("all.target");
	assert_int_equal(get("web@7.service")->load, UNIT_LOADED);
	assert_ptr_equal(get("web@7.service")->exec, get("web@8.service")->exec);
	assert_ptr_equal(get("web@7.service")->cgroup, get("web@8.service")->cgroup);
	assert_ptr_equal(get("web@7.service")->service, get("web@8.service")->service);
	assert_ptr_equal(get("web@7.service")->conditions, get("web@8.service")->conditions);
	assert_ptr_equal(get("web@7.service")->description, get("web@8.service")->description);
	cost = (set_size() - one) / (SERVICES - 1);
	if (cost > SERVICE_COST_MAX)
		fail_msg("a service costs %zu bytes", cost);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_closure),
		TEST(test_stronger_directory_wins),
		TEST(test_drop_ins),
		TEST(test_links_of_dependencies),
		TEST(test_aliases),
		TEST(test_alias_circle),
		TEST(test_templates),
		TEST(test_masked_and_missing),
		TEST(test_unusable_files),
		TEST(test_faults_have_file_and_line),
		TEST(test_default_dependencies),
		TEST(test_bad_names),
		TEST(test_too_many_units_hc_47),
		TEST(test_missing_directories),
		TEST(test_drop_ins_of_prefix_and_type),
		TEST(test_links_masked_and_instantiated),
		TEST(test_aliases_of_templates),
		TEST(test_sockets_and_timers),
		TEST(test_edges_of_others),
		TEST(test_load_more),
		TEST(test_load_more_fails_hc_46),
		TEST(test_unit_that_says_too_much),
		TEST(test_equal_services_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
