// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A layered drawing of a graph: see layout.h. Inside, the bends of long edges are vertices like the
 * nodes, so that every link joins two neighbouring layers.
 */
#include "ctl/layout.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Passes over all layers: crossings settle after some ten, positions a little later. */
#define ORDER_PASSES 24
#define PLACE_PASSES 32
/* A bend needs less room than a node. */
#define BEND_HEIGHT 6.0

struct vertex {
	unsigned layer;
	unsigned place; /* in its layer */
	bool bend;
	double key; /* for sorting */
	double y;   /* middle */
	double height;
};

struct link {
	size_t from;
	size_t to;
};

struct work {
	struct layout *layout;
	struct vertex *vertices;
	size_t vertex_count;
	struct link *links;
	size_t link_count;
	size_t *order; /* vertices by layer and place */
	size_t *first; /* of each layer in @order; one more at the end */
	unsigned layers;
};

/* ---- layers ---- */

/* The longest path from the left. Return: -ELOOP if that never ends. */
static int assign_layers(struct layout *layout)
{
	bool changed = true;

	for (size_t i = 0; i < layout->node_count; i++)
		layout->nodes[i].layer = 0;
	for (size_t pass = 0; changed; pass++) {
		changed = false;
		if (pass > layout->node_count)
			return -ELOOP;
		for (size_t i = 0; i < layout->edge_count; i++) {
			struct layout_node *from = &layout->nodes[layout->edges[i].from];
			struct layout_node *to = &layout->nodes[layout->edges[i].to];

			if (to->layer <= from->layer) {
				to->layer = from->layer + 1;
				changed = true;
			}
		}
	}
	return 0;
}

/* What nothing comes before moves next to the first that comes after it. */
static void tighten_layers(struct layout *layout)
{
	for (size_t node = 0; node < layout->node_count; node++) {
		unsigned nearest = 0;
		bool source = true;

		for (size_t i = 0; i < layout->edge_count; i++) {
			unsigned layer = layout->nodes[layout->edges[i].to].layer;

			source = source && layout->edges[i].to != node;
			if (layout->edges[i].from == node && (nearest == 0 || layer < nearest))
				nearest = layer;
		}
		if (source && nearest > 1)
			layout->nodes[node].layer = nearest - 1;
	}
}

/* Marks all that can be reached from @node over shown edges but @without. */
static void reach(const struct layout *layout, size_t node, size_t without, bool *reached)
{
	reached[node] = true;
	for (size_t i = 0; i < layout->edge_count; i++)
		if (i != without && layout->edges[i].from == node && !layout->edges[i].hidden &&
		    !reached[layout->edges[i].to])
			reach(layout, layout->edges[i].to, without, reached);
}

/* Leaves out each weak edge that says only what a longer way says too. */
static int reduce(struct layout *layout)
{
	bool *reached = malloc(layout->node_count + 1);

	if (!reached)
		return -ENOMEM;
	for (size_t i = 0; i < layout->edge_count; i++) {
		struct layout_edge *edge = &layout->edges[i];

		edge->hidden = false;
		if (!edge->weak)
			continue;
		memset(reached, 0, layout->node_count);
		reach(layout, edge->from, i, reached);
		edge->hidden = reached[edge->to];
	}
	free(reached);
	return 0;
}

/* ---- vertices and links ---- */

static void add_vertex(struct work *work, unsigned layer, bool bend)
{
	work->vertices[work->vertex_count++] = (struct vertex){
		.layer = layer,
		.bend = bend,
		.height = bend ? BEND_HEIGHT : work->layout->node_height,
	};
	if (layer + 1 > work->layers)
		work->layers = layer + 1;
}

static int build(struct work *work)
{
	struct layout *layout = work->layout;
	size_t vertices = layout->node_count;
	size_t links = 0;

	for (size_t i = 0; i < layout->edge_count; i++) {
		size_t span = layout->nodes[layout->edges[i].to].layer -
			      layout->nodes[layout->edges[i].from].layer;

		vertices += span - 1;
		links += span;
	}
	work->vertices = calloc(vertices + 1, sizeof(*work->vertices));
	work->links = calloc(links + 1, sizeof(*work->links));
	work->order = calloc(vertices + 1, sizeof(*work->order));
	if (!work->vertices || !work->links || !work->order)
		return -ENOMEM;
	for (size_t i = 0; i < layout->node_count; i++)
		add_vertex(work, layout->nodes[i].layer, false);
	for (size_t i = 0; i < layout->edge_count; i++) {
		const struct layout_edge *edge = &layout->edges[i];
		size_t last = edge->from;

		if (edge->hidden)
			continue;
		for (unsigned layer = layout->nodes[edge->from].layer + 1;
		     layer < layout->nodes[edge->to].layer; layer++) {
			add_vertex(work, layer, true);
			work->links[work->link_count++] = (struct link){ last, work->vertex_count - 1 };
			last = work->vertex_count - 1;
		}
		work->links[work->link_count++] = (struct link){ last, edge->to };
	}
	work->first = calloc(work->layers + 1, sizeof(*work->first));
	return work->first ? 0 : -ENOMEM;
}

/* ---- the order in layers ---- */

static void fill_order(struct work *work)
{
	size_t at = 0;

	for (unsigned layer = 0; layer < work->layers; layer++) {
		work->first[layer] = at;
		for (size_t i = 0; i < work->vertex_count; i++)
			if (work->vertices[i].layer == layer) {
				work->vertices[i].place = (unsigned)(at - work->first[layer]);
				work->order[at++] = i;
			}
	}
	work->first[work->layers] = at;
}

/* The mean place of the neighbours on one side; who has none keeps its own. */
static void set_keys(struct work *work, unsigned layer, bool from_left)
{
	for (size_t i = work->first[layer]; i < work->first[layer + 1]; i++) {
		size_t vertex = work->order[i];
		double sum = 0;
		unsigned count = 0;

		for (size_t j = 0; j < work->link_count; j++) {
			const struct link *link = &work->links[j];

			if ((from_left ? link->to : link->from) != vertex)
				continue;
			sum += work->vertices[from_left ? link->from : link->to].place;
			count++;
		}
		work->vertices[vertex].key = count > 0 ? sum / count : work->vertices[vertex].place;
	}
}

/* Stable: equal ones stay as they are. */
static void sort_layer(struct work *work, unsigned layer)
{
	size_t first = work->first[layer];

	for (size_t i = first + 1; i < work->first[layer + 1]; i++) {
		size_t vertex = work->order[i];
		size_t at = i;

		while (at > first &&
		       work->vertices[work->order[at - 1]].key > work->vertices[vertex].key) {
			work->order[at] = work->order[at - 1];
			at--;
		}
		work->order[at] = vertex;
	}
	for (size_t i = first; i < work->first[layer + 1]; i++)
		work->vertices[work->order[i]].place = (unsigned)(i - first);
}

static size_t crossings(const struct work *work)
{
	size_t count = 0;

	for (size_t i = 0; i < work->link_count; i++)
		for (size_t j = i + 1; j < work->link_count; j++) {
			const struct vertex *a = &work->vertices[work->links[i].from];
			const struct vertex *b = &work->vertices[work->links[i].to];
			const struct vertex *c = &work->vertices[work->links[j].from];
			const struct vertex *d = &work->vertices[work->links[j].to];

			count += a->layer == c->layer &&
				 ((a->place < c->place && b->place > d->place) ||
				  (a->place > c->place && b->place < d->place));
		}
	return count;
}

static int order_layers(struct work *work)
{
	size_t *best = malloc((work->vertex_count + 1) * sizeof(*best));
	size_t fewest;

	if (!best)
		return -ENOMEM;
	fill_order(work);
	memcpy(best, work->order, work->vertex_count * sizeof(*best));
	fewest = crossings(work);
	for (unsigned pass = 0; pass < ORDER_PASSES && fewest > 0; pass++) {
		size_t now;

		for (unsigned i = 1; i < work->layers; i++) {
			unsigned layer = pass % 2 == 0 ? i : work->layers - 1 - i;

			set_keys(work, layer, pass % 2 == 0);
			sort_layer(work, layer);
		}
		now = crossings(work);
		if (now >= fewest)
			continue;
		fewest = now;
		memcpy(best, work->order, work->vertex_count * sizeof(*best));
	}
	memcpy(work->order, best, work->vertex_count * sizeof(*best));
	for (unsigned layer = 0; layer < work->layers; layer++)
		for (size_t i = work->first[layer]; i < work->first[layer + 1]; i++)
			work->vertices[work->order[i]].place = (unsigned)(i - work->first[layer]);
	free(best);
	return 0;
}

/* ---- places ---- */

/* How far the middles of neighbours in a layer must be apart. */
static double distance(const struct work *work, size_t upper, size_t lower)
{
	return (work->vertices[upper].height + work->vertices[lower].height) / 2 + work->layout->row_gap;
}

/*
 * The best positions for wishes under the order and the distances: neighbours that would overlap become a block,
 * which stands at the mean of what its members wish (pool adjacent violators).
 */
static void settle_layer(struct work *work, unsigned layer, double *sums, double *counts, double *offsets)
{
	size_t first = work->first[layer];
	size_t count = work->first[layer + 1] - first;
	size_t blocks = 0;
	size_t at = 0;
	double offset = 0;

	for (size_t i = 0; i < count; i++) {
		size_t vertex = work->order[first + i];

		offset += i > 0 ? distance(work, work->order[first + i - 1], vertex) : 0;
		offsets[i] = offset;
		sums[blocks] = work->vertices[vertex].key - offset;
		counts[blocks++] = 1;
		while (blocks > 1 && sums[blocks - 2] / counts[blocks - 2] >
					     sums[blocks - 1] / counts[blocks - 1]) {
			sums[blocks - 2] += sums[blocks - 1];
			counts[blocks - 2] += counts[blocks - 1];
			blocks--;
		}
	}
	for (size_t block = 0; block < blocks; block++)
		for (size_t i = 0; i < (size_t)counts[block]; i++, at++)
			work->vertices[work->order[first + at]].y = sums[block] / counts[block] +
								    offsets[at];
}

/* Each vertex wishes to be where its neighbours are; bends most of all, so that long edges are straight. */
static void set_wishes(struct work *work, unsigned layer, bool left, bool right)
{
	for (size_t i = work->first[layer]; i < work->first[layer + 1]; i++) {
		size_t vertex = work->order[i];
		double sum = 0;
		double weight = 0;

		for (size_t j = 0; j < work->link_count; j++) {
			const struct link *link = &work->links[j];
			size_t other = link->from == vertex ? link->to : link->from;
			double w;

			if (!(left && link->to == vertex) && !(right && link->from == vertex))
				continue;
			w = work->vertices[other].bend && work->vertices[vertex].bend	? 8
			    : work->vertices[other].bend || work->vertices[vertex].bend ? 2
											: 1;
			sum += w * work->vertices[other].y;
			weight += w;
		}
		work->vertices[vertex].key = weight > 0 ? sum / weight : work->vertices[vertex].y;
	}
}

static int place_rows(struct work *work)
{
	double *scratch = calloc(3 * (work->vertex_count + 1), sizeof(*scratch));
	double *counts;
	double *offsets;

	if (!scratch)
		return -ENOMEM;
	counts = scratch + work->vertex_count + 1;
	offsets = counts + work->vertex_count + 1;
	for (size_t i = 0; i < work->vertex_count; i++)
		work->vertices[i].y = work->vertices[i].place *
				      (work->layout->node_height + work->layout->row_gap);
	for (unsigned pass = 0; pass < PLACE_PASSES; pass++)
		for (unsigned i = 0; i < work->layers; i++) {
			unsigned layer = pass % 2 == 0 ? i : work->layers - 1 - i;
			bool last = pass + 2 >= PLACE_PASSES;

			set_wishes(work, layer, last || pass % 2 == 0, last || pass % 2 == 1);
			settle_layer(work, layer, scratch, counts, offsets);
		}
	free(scratch);
	return 0;
}

/* The left edge of each layer, by the widest node of those before. */
static int place_columns(struct work *work, double *lefts)
{
	struct layout *layout = work->layout;
	double left = 0;

	for (unsigned layer = 0; layer < work->layers; layer++) {
		double widest = 0;

		for (size_t i = 0; i < layout->node_count; i++)
			if (layout->nodes[i].layer == layer && layout->nodes[i].width > widest)
				widest = layout->nodes[i].width;
		lefts[layer] = left;
		left += widest + layout->layer_gap;
	}
	lefts[work->layers] = left;
	layout->width = work->layers > 0 ? left - layout->layer_gap : 0;
	return 0;
}

/* An edge's points, in the order of its bends, which were made one behind the other. */
static int give_points(struct work *work, const double *lefts, double top)
{
	struct layout *layout = work->layout;
	size_t bend = layout->node_count;

	for (size_t i = 0; i < layout->edge_count; i++) {
		struct layout_edge *edge = &layout->edges[i];
		unsigned from = layout->nodes[edge->from].layer;
		unsigned to = layout->nodes[edge->to].layer;

		edge->point_count = 0;
		edge->points = NULL;
		if (edge->hidden || to == from + 1)
			continue;
		/* A bend is a stretch across its layer: two points. */
		edge->points = calloc(4 * (to - from - 1), sizeof(*edge->points));
		if (!edge->points)
			return -ENOMEM;
		for (unsigned layer = from + 1; layer < to; layer++, bend++) {
			double *point = edge->points + 2 * edge->point_count;

			point[0] = lefts[layer];
			point[2] = lefts[layer + 1] - layout->layer_gap;
			point[1] = point[3] = work->vertices[bend].y - top;
			edge->point_count += 2;
		}
	}
	return 0;
}

static int give_places(struct work *work)
{
	struct layout *layout = work->layout;
	double *lefts = calloc(work->layers + 1, sizeof(*lefts));
	double top = INFINITY;
	double bottom = -INFINITY;
	int r;

	if (!lefts)
		return -ENOMEM;
	(void)place_columns(work, lefts);
	for (size_t i = 0; i < work->vertex_count; i++) {
		const struct vertex *v = &work->vertices[i];

		top = fmin(top, v->y - v->height / 2);
		bottom = fmax(bottom, v->y + v->height / 2);
	}
	for (size_t i = 0; i < layout->node_count; i++) {
		layout->nodes[i].x = lefts[layout->nodes[i].layer];
		layout->nodes[i].y = work->vertices[i].y - layout->node_height / 2 - top;
	}
	layout->height = layout->node_count > 0 ? bottom - top : 0;
	r = give_points(work, lefts, top);
	free(lefts);
	return r;
}

int layout_run(struct layout *layout)
{
	struct work work = { .layout = layout };
	int r = assign_layers(layout);

	if (r == 0) {
		tighten_layers(layout);
		r = reduce(layout);
	}
	if (r == 0)
		r = build(&work);
	if (r == 0)
		r = order_layers(&work);
	if (r == 0)
		r = place_rows(&work);
	if (r == 0)
		r = give_places(&work);
	free(work.vertices);
	free(work.links);
	free(work.order);
	free(work.first);
	return r;
}

void layout_free(struct layout *layout)
{
	for (size_t i = 0; i < layout->edge_count; i++) {
		free(layout->edges[i].points);
		layout->edges[i].points = NULL;
	}
}
