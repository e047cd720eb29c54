// SPDX-License-Identifier: MIT OR Apache-2.0
/* supervisor/graph: closures and cycles, on sets built by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/macros.h"
#include "supervisor/graph.h"

static struct unit_set set;
static uint8_t members[UNIT_MAX];

static void by_start(void)
{
	uint32_t at = 0;
	static struct unit_edge sorted[UNIT_EDGE_MAX];

	for (unit_id id = 0; id < set.count; id++) {
		set.first_edge[id] = at;
		for (uint32_t i = 0; i < set.edge_count; i++)
			if (set.edges[i].from == id)
				sorted[at++] = set.edges[i];
	}
	set.first_edge[set.count] = at;
	memcpy(set.edges, sorted, at * sizeof(sorted[0]));
	at = 0;
	for (unit_id id = 0; id < set.count; id++) {
		set.first_reverse[id] = at;
		for (uint32_t i = 0; i < set.edge_count; i++)
			if (set.edges[i].to == id)
				set.reverse[at++] = set.edges[i];
	}
	set.first_reverse[set.count] = at;
}

static void build(unit_id count, const struct unit_edge *edges, uint32_t edge_count)
{
	set.count = count;
	set.edge_count = edge_count;
	memcpy(set.edges, edges, edge_count * sizeof(edges[0]));
	by_start();
	memset(members, 0, sizeof(members));
}

#define BUILD(count, ...)                                             \
	do {                                                          \
		static const struct unit_edge edges_[] = __VA_ARGS__; \
		build(count, edges_, (uint32_t)ARRAY_SIZE(edges_));   \
	} while (0)

static void assert_members(const char *expected)
{
	char text[64];
	struct buf b = BUF(text);

	for (unit_id id = 0; id < set.count; id++)
		buf_add_char(&b, members[id] ? '1' : '0');
	assert_string_equal(text, expected);
}

static void test_pulled_in(void **state _unused_)
{
	/* clang-format off */
	BUILD(7, {
		{ 0, 1, UNIT_WANTS }, { 0, 2, UNIT_REQUIRES }, { 2, 3, UNIT_BINDS_TO },
		{ 1, 4, UNIT_REQUIRES }, { 0, 5, UNIT_AFTER }, { 0, 6, UNIT_CONFLICTS },
		{ 3, 0, UNIT_WANTS },
	});
	/* clang-format on */
	graph_pulled_in(&set, 0, false, members);
	assert_members("1111100");
	memset(members, 0, sizeof(members));
	graph_pulled_in(&set, 0, true, members);
	assert_members("1011000");
}

static void test_has_edge(void **state _unused_)
{
	BUILD(3, {
			 { 0, 1, UNIT_AFTER },
			 { 0, 2, UNIT_REQUIRES },
		 });
	assert_true(graph_has_edge(&set, 0, 1, UNIT_AFTER));
	assert_false(graph_has_edge(&set, 0, 1, UNIT_REQUIRES));
	assert_false(graph_has_edge(&set, 1, 0, UNIT_AFTER));
	assert_true(graph_has_edge(&set, 0, 2, UNIT_REQUIRES));
}

static void all_members(void)
{
	memset(members, 1, set.count);
}

static void test_cycle_hc_47(void **state _unused_)
{
	unit_id cycle[GRAPH_CYCLE_MAX];

	/* clang-format off */
	BUILD(5, {
		{ 0, 1, UNIT_AFTER }, { 1, 2, UNIT_AFTER }, { 2, 3, UNIT_AFTER }, { 3, 1, UNIT_AFTER },
		{ 4, 0, UNIT_AFTER },
	});
	/* clang-format on */
	all_members();
	assert_int_equal(graph_find_cycle(&set, members, cycle), 3);
	assert_int_equal(cycle[0], 1);
	assert_int_equal(cycle[1], 2);
	assert_int_equal(cycle[2], 3);
	/* Without one of them there is none. */
	members[2] = 0;
	assert_int_equal(graph_find_cycle(&set, members, cycle), 0);
}

static void test_no_cycle_hc_47(void **state _unused_)
{
	unit_id cycle[GRAPH_CYCLE_MAX];

	/* Two ways to the same unit, and circles of other kinds, are no cycle of order. */
	/* clang-format off */
	BUILD(4, {
		{ 0, 1, UNIT_AFTER }, { 0, 2, UNIT_AFTER }, { 1, 3, UNIT_AFTER }, { 2, 3, UNIT_AFTER },
		{ 3, 0, UNIT_WANTS }, { 1, 0, UNIT_REQUIRES }, { 0, 1, UNIT_REQUIRES },
		{ 2, 1, UNIT_CONFLICTS }, { 1, 2, UNIT_CONFLICTS },
	});
	/* clang-format on */
	all_members();
	assert_int_equal(graph_find_cycle(&set, members, cycle), 0);
}

/* A chain of all units that fit, and the longest circle: no stack grows, the names are cut. */
static void test_long_chain_hc_47(void **state _unused_)
{
	static struct unit_edge chain[UNIT_MAX];
	unit_id cycle[GRAPH_CYCLE_MAX];

	for (unit_id id = 0; id < UNIT_MAX; id++)
		chain[id] = (struct unit_edge){ id, (unit_id)(id + 1), UNIT_AFTER };
	build(UNIT_MAX, chain, UNIT_MAX - 1);
	all_members();
	assert_int_equal(graph_find_cycle(&set, members, cycle), 0);

	chain[UNIT_MAX - 1].to = 0;
	build(UNIT_MAX, chain, UNIT_MAX);
	all_members();
	assert_int_equal(graph_find_cycle(&set, members, cycle), UNIT_MAX);
	for (unit_id i = 0; i < GRAPH_CYCLE_MAX; i++)
		assert_int_equal(cycle[i], i);

	for (unit_id id = 0; id < UNIT_MAX; id++)
		chain[id].kind = UNIT_REQUIRES;
	build(UNIT_MAX, chain, UNIT_MAX);
	graph_pulled_in(&set, UNIT_MAX / 2, true, members);
	for (unit_id id = 0; id < UNIT_MAX; id++)
		assert_int_equal(members[id], 1);
}

/* Every other unit after every earlier one: many paths, each edge seen once. */
static void test_dense_graph_hc_47(void **state _unused_)
{
	enum { COUNT = 250 };
	static struct unit_edge edges[COUNT * COUNT / 2];
	unit_id cycle[GRAPH_CYCLE_MAX];
	uint32_t n = 0;

	for (unit_id from = 0; from < COUNT; from++)
		for (unit_id to = 0; to < from; to++)
			edges[n++] = (struct unit_edge){ from, to, UNIT_AFTER };
	build(COUNT, edges, n);
	all_members();
	assert_int_equal(graph_find_cycle(&set, members, cycle), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pulled_in),	 cmocka_unit_test(test_has_edge),
		cmocka_unit_test(test_cycle_hc_47),	 cmocka_unit_test(test_no_cycle_hc_47),
		cmocka_unit_test(test_long_chain_hc_47), cmocka_unit_test(test_dense_graph_hc_47),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
