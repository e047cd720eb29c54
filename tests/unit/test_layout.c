// SPDX-License-Identifier: MIT OR Apache-2.0
/* The drawing of graphs: what must hold of any, over random ones too. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/layout.h"

#define NODES 40
#define EDGES 120

static struct layout_node nodes[NODES];
static struct layout_edge edges[EDGES];

static struct layout make(size_t node_count, size_t edge_count)
{
	for (size_t i = 0; i < node_count; i++)
		nodes[i] = (struct layout_node){ .width = 50 };
	return (struct layout){
		.nodes = nodes,
		.node_count = node_count,
		.edges = edges,
		.edge_count = edge_count,
		.node_height = 20,
		.row_gap = 5,
		.layer_gap = 30,
	};
}

static void check(const struct layout *layout)
{
	for (size_t i = 0; i < layout->node_count; i++) {
		const struct layout_node *a = &layout->nodes[i];

		assert_true(a->x >= 0 && a->x + a->width <= layout->width + 0.001);
		assert_true(a->y >= -0.001 && a->y + layout->node_height <= layout->height + 0.001);
		for (size_t j = 0; j < i; j++) {
			const struct layout_node *b = &layout->nodes[j];

			/* No two nodes overlap. */
			assert_true(a->layer != b->layer || a->y + layout->node_height <= b->y + 0.001 ||
				    b->y + layout->node_height <= a->y + 0.001);
		}
	}
	for (size_t i = 0; i < layout->edge_count; i++) {
		const struct layout_edge *edge = &layout->edges[i];
		double x = layout->nodes[edge->from].x;

		assert_true(layout->nodes[edge->from].layer < layout->nodes[edge->to].layer);
		for (size_t point = 0; point < edge->point_count; point++) {
			assert_true(edge->points[2 * point] > x);
			x = edge->points[2 * point];
		}
		assert_true(edge->hidden || layout->nodes[edge->to].x > x);
	}
}

static void a_long_edge_bends_around(void **state)
{
	struct layout layout = make(3, 3);

	(void)state;
	edges[0] = (struct layout_edge){ .from = 0, .to = 1 };
	edges[1] = (struct layout_edge){ .from = 1, .to = 2 };
	edges[2] = (struct layout_edge){ .from = 0, .to = 2 };
	assert_int_equal(layout_run(&layout), 0);
	check(&layout);
	assert_int_equal(edges[2].point_count, 2);
	assert_false(edges[2].hidden);
	layout_free(&layout);
}

static void a_weak_edge_is_left_out(void **state)
{
	struct layout layout = make(3, 3);

	(void)state;
	edges[0] = (struct layout_edge){ .from = 0, .to = 1, .weak = true };
	edges[1] = (struct layout_edge){ .from = 1, .to = 2, .weak = true };
	edges[2] = (struct layout_edge){ .from = 0, .to = 2, .weak = true };
	assert_int_equal(layout_run(&layout), 0);
	assert_true(edges[2].hidden && !edges[0].hidden && !edges[1].hidden);
	layout_free(&layout);
}

static void a_circle_is_refused(void **state)
{
	struct layout layout = make(2, 2);

	(void)state;
	edges[0] = (struct layout_edge){ .from = 0, .to = 1 };
	edges[1] = (struct layout_edge){ .from = 1, .to = 0 };
	assert_int_equal(layout_run(&layout), -ELOOP);
}

static void nothing_and_one(void **state)
{
	struct layout layout = make(0, 0);

	(void)state;
	assert_int_equal(layout_run(&layout), 0);
	layout = make(1, 0);
	assert_int_equal(layout_run(&layout), 0);
	check(&layout);
}

static void random_graphs(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 20; round++) {
		struct layout layout = make(NODES, EDGES);

		for (size_t i = 0; i < EDGES; i++) {
			size_t a;
			size_t b;

			seed = seed * 1664525 + 1013904223;
			a = seed / 65536 % NODES;
			seed = seed * 1664525 + 1013904223;
			b = seed / 65536 % NODES;
			b = a == b ? (b + 1) % NODES : b;
			edges[i] = (struct layout_edge){
				.from = a < b ? a : b,
				.to = a < b ? b : a,
				.weak = i % 3 == 0,
			};
		}
		assert_int_equal(layout_run(&layout), 0);
		check(&layout);
		layout_free(&layout);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_long_edge_bends_around),
		cmocka_unit_test(a_weak_edge_is_left_out),
		cmocka_unit_test(a_circle_is_refused),
		cmocka_unit_test(nothing_and_one),
		cmocka_unit_test(random_graphs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
