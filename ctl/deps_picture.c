// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The picture of a dependency graph: see deps_picture.h. An edge says that the right unit needs the left
 * one, or only comes after it. Between two units there is one edge, for the strongest relation; what
 * other edges imply is left out, or every service would have a line to sysinit.target.
 */
#include "ctl/deps_picture.h"

#include <errno.h>
#include <stdlib.h>

#include "ctl/layout.h"
#include "ctl/svg.h"

#define MARGIN 28.0
#define HEAD 58.0
#define FOOT 48.0
#define NODE_HEIGHT 26.0
#define ROW_GAP 10.0
#define LAYER_GAP 76.0
#define FONT_SIZE 12.0
/* The dot of the state, and the space around the name. */
#define NODE_PADDING 34.0

enum relation {
	RELATION_ORDER,
	RELATION_WANTS,
	RELATION_REQUIRES,
};

struct picture {
	const struct unit_set *set;
	const char *const *states;
	unit_id anchor;
	struct layout layout;
	unit_id *ids;		  /* of the nodes */
	size_t *nodes;		  /* of the units */
	enum relation *relations; /* of the edges */
};

static const struct {
	const char *fill;
	const char *stroke;
	const char *label;
} types[] = {
	[UNIT_SERVICE] = { "#eef4fb", "#7fa8d9", "service" },
	[UNIT_SOCKET] = { "#fdf6e3", "#e0b252", "socket" },
	[UNIT_TARGET] = { "#eef7f0", "#6fae7d", "target" },
	[UNIT_TIMER] = { "#f6effa", "#b08cc9", "timer" },
};

static const struct {
	const char *stroke;
	const char *more;
	const char *label;
} relations[] = {
	[RELATION_ORDER] = { "#aab4bf", "stroke-width=\"1\" stroke-dasharray=\"2 3\"", "only after" },
	[RELATION_WANTS] = { "#7b8794", "stroke-width=\"1.2\" stroke-dasharray=\"6 3\"", "wants" },
	[RELATION_REQUIRES] = { "#1f5fa8", "stroke-width=\"1.6\"", "requires" },
};

static const char *state_fill(const char *state)
{
	if (!state)
		return NULL;
	if (strcmp(state, "active") == 0)
		return "#2f9e4f";
	if (strcmp(state, "failed") == 0)
		return "#d64545";
	return strcmp(state, "inactive") == 0 ? "#c3cbd4" : "#e0a020";
}

/* ---- the graph ---- */

static bool comes_after(const struct unit_set *set, unit_id id, unit_id other)
{
	for (uint32_t i = set->first_edge[id]; i < set->first_edge[id + 1]; i++)
		if (set->edges[i].kind == UNIT_AFTER && set->edges[i].to == other)
			return true;
	return false;
}

static int relation_of(enum unit_dependency kind)
{
	switch (kind) {
	case UNIT_REQUIRES:
	case UNIT_BINDS_TO:
	case UNIT_REQUISITE:
		return RELATION_REQUIRES;
	case UNIT_WANTS:
	case UNIT_UPHOLDS:
		return RELATION_WANTS;
	case UNIT_AFTER:
		return RELATION_ORDER;
	case UNIT_PART_OF:
	case UNIT_CONFLICTS:
	case UNIT_BEFORE:
	case UNIT_ON_FAILURE:
	case UNIT_ON_SUCCESS:
	case UNIT_PROPAGATES_RELOAD_TO:
	case UNIT_PROPAGATES_STOP_TO:
	case UNIT_TRIGGERS:
	case UNIT_DEPENDENCY_COUNT:
		break;
	}
	return -1;
}

static bool reaches(const struct layout *layout, size_t from, size_t to, uint8_t *seen)
{
	if (from == to)
		return true;
	seen[from] = 1;
	for (size_t i = 0; i < layout->edge_count; i++)
		if (layout->edges[i].from == from && !seen[layout->edges[i].to] &&
		    reaches(layout, layout->edges[i].to, to, seen))
			return true;
	return false;
}

/* Puts an edge in, or makes the one that is there stronger; none that closes a circle. */
static void add_edge(struct picture *picture, size_t left, size_t right, enum relation relation)
{
	struct layout *layout = &picture->layout;
	static uint8_t seen[UNIT_MAX];

	for (size_t i = 0; i < layout->edge_count; i++)
		if (layout->edges[i].from == left && layout->edges[i].to == right) {
			if (relation > picture->relations[i])
				picture->relations[i] = relation;
			return;
		}
	memset(seen, 0, layout->node_count);
	if (reaches(layout, right, left, seen))
		return;
	picture->relations[layout->edge_count] = relation;
	layout->edges[layout->edge_count++] = (struct layout_edge){ .from = left, .to = right };
}

/* Orders first: where a unit wants another that comes after it, the order decides who stands left. */
static void add_edges(struct picture *picture, const uint8_t *members)
{
	const struct unit_set *set = picture->set;

	for (int pass = 0; pass <= 1; pass++)
		for (uint32_t i = 0; i < set->edge_count; i++) {
			const struct unit_edge *edge = &set->edges[i];
			int relation = relation_of((enum unit_dependency)edge->kind);
			bool turned = comes_after(set, edge->to, edge->from);

			if (relation < 0 || (relation == RELATION_ORDER) != (pass == 0) ||
			    !members[edge->from] || !members[edge->to])
				continue;
			add_edge(picture, picture->nodes[turned && pass == 1 ? edge->from : edge->to],
				 picture->nodes[turned && pass == 1 ? edge->to : edge->from],
				 (enum relation)relation);
		}
	/* Only what is required of another than a target is always worth a line. */
	for (size_t i = 0; i < picture->layout.edge_count; i++) {
		struct layout_edge *edge = &picture->layout.edges[i];

		edge->weak = picture->relations[i] != RELATION_REQUIRES ||
			     set->units[picture->ids[edge->from]].type == UNIT_TARGET;
	}
}

static int build(struct picture *picture, const uint8_t *members)
{
	const struct unit_set *set = picture->set;
	struct layout *layout = &picture->layout;

	picture->ids = calloc(set->count, sizeof(*picture->ids));
	picture->nodes = calloc(set->count, sizeof(*picture->nodes));
	picture->relations = calloc(set->edge_count + 1, sizeof(*picture->relations));
	layout->nodes = calloc(set->count, sizeof(*layout->nodes));
	layout->edges = calloc(set->edge_count + 1, sizeof(*layout->edges));
	if (!picture->ids || !picture->nodes || !picture->relations || !layout->nodes || !layout->edges)
		return -ENOMEM;
	for (unit_id id = 0; id < set->count; id++) {
		if (!members[id])
			continue;
		picture->nodes[id] = layout->node_count;
		picture->ids[layout->node_count] = id;
		layout->nodes[layout->node_count++].width =
			svg_text_width(str_from(set->units[id].name), FONT_SIZE) + NODE_PADDING;
	}
	add_edges(picture, members);
	return layout_run(layout);
}

/* ---- drawing ---- */

static void draw_edge(struct svg *svg, const struct picture *picture, size_t index)
{
	const struct layout_edge *edge = &picture->layout.edges[index];
	const struct layout_node *from = &picture->layout.nodes[edge->from];
	const struct layout_node *to = &picture->layout.nodes[edge->to];
	double x = MARGIN + from->x + from->width;
	double y = HEAD + from->y + NODE_HEIGHT / 2;

	if (edge->hidden)
		return;
	fprintf(svg->out,
		"<path fill=\"none\" stroke=\"%s\" %s marker-end=\"url(#arrow%d)\" d=\"M%.1f %.1f",
		relations[picture->relations[index]].stroke,
		relations[picture->relations[index]].more, (int)picture->relations[index], x, y);
	for (size_t i = 0; i <= edge->point_count; i++) {
		bool last = i == edge->point_count;
		double next_x = MARGIN + (last ? to->x - 3 : edge->points[2 * i]);
		double next_y = HEAD + (last ? to->y + NODE_HEIGHT / 2 : edge->points[2 * i + 1]);
		double bend = (next_x - x) * 0.5;

		/* Every second stretch runs across a layer, where the way is free and straight. */
		if (i % 2 == 1)
			fprintf(svg->out, "L%.1f %.1f", next_x, next_y);
		else
			fprintf(svg->out, "C%.1f %.1f %.1f %.1f %.1f %.1f", x + bend, y,
				next_x - bend, next_y, next_x, next_y);
		x = next_x;
		y = next_y;
	}
	fputs("\"/>\n", svg->out);
}

static void draw_node(struct svg *svg, const struct picture *picture, size_t index)
{
	const struct layout_node *node = &picture->layout.nodes[index];
	unit_id id = picture->ids[index];
	const struct unit *unit = &picture->set->units[id];
	const char *dot = state_fill(picture->states[id]);
	bool missing = unit->load != UNIT_LOADED;
	double x = MARGIN + node->x;
	double y = HEAD + node->y;
	double text_x = x + (dot ? 24 : NODE_PADDING / 2);

	svg_element(svg, "<g>");
	svg_title(svg, str_from(unit->description));
	svg_element(svg,
		    "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"%d\" fill=\"%s\" stroke=\"%s\" "
		    "stroke-width=\"%s\"%s/>",
		    x, y, node->width, NODE_HEIGHT, unit->type == UNIT_TARGET ? 13 : 5,
		    missing ? "#ffffff" : types[unit->type].fill,
		    missing ? "#d64545" : types[unit->type].stroke,
		    id == picture->anchor ? "2.5" : "1.2", missing ? " stroke-dasharray=\"4 3\"" : "");
	if (dot)
		svg_element(svg, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\"/>", x + 13,
			    y + NODE_HEIGHT / 2, dot);
	svg_text(svg, text_x, y + NODE_HEIGHT / 2 + 4,
		 id == picture->anchor ? "fill=\"#1f2933\" font-weight=\"bold\"" : "fill=\"#1f2933\"",
		 str_from(unit->name));
	svg_element(svg, "</g>");
}

static void draw_legend(struct svg *svg, double y, bool with_states)
{
	static const char *const state_names[] = { "active", "activating", "failed", "inactive" };
	double x = MARGIN;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		svg_element(svg,
			    "<rect x=\"%.1f\" y=\"%.1f\" width=\"18\" height=\"12\" rx=\"%d\" fill=\"%s\" "
			    "stroke=\"%s\"/>",
			    x, y, i == UNIT_TARGET ? 6 : 3, types[i].fill, types[i].stroke);
		svg_text(svg, x + 24, y + 10, "font-size=\"11\" fill=\"#3e4c59\"",
			 str_from(types[i].label));
		x += 24 + svg_text_width(str_from(types[i].label), 11) + 14;
	}
	for (size_t i = ARRAY_SIZE(relations); i-- > 0;) {
		svg_element(svg, "<path d=\"M%.1f %.1fh26\" stroke=\"%s\" %s/>", x, y + 6,
			    relations[i].stroke, relations[i].more);
		svg_text(svg, x + 32, y + 10, "font-size=\"11\" fill=\"#3e4c59\"",
			 str_from(relations[i].label));
		x += 32 + svg_text_width(str_from(relations[i].label), 11) + 14;
	}
	for (size_t i = 0; with_states && i < ARRAY_SIZE(state_names); i++) {
		svg_element(svg, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\"/>", x + 4,
			    y + 6, state_fill(state_names[i]));
		svg_text(svg, x + 14, y + 10, "font-size=\"11\" fill=\"#3e4c59\"",
			 str_from(state_names[i]));
		x += 14 + svg_text_width(str_from(state_names[i]), 11) + 14;
	}
}

static void draw(struct picture *picture, FILE *out)
{
	const struct layout *layout = &picture->layout;
	double width = layout->width + 2 * MARGIN;
	double height = HEAD + layout->height + FOOT;
	char memory[UNIT_NAME_SIZE + 32];
	struct buf title = BUF(memory);
	bool with_states = false;
	struct svg svg;

	for (unit_id id = 0; id < picture->set->count; id++)
		with_states = with_states || picture->states[id];
	/* The legend's width. */
	width = width < 860 ? 860 : width;
	buf_printf(&title, "What %s needs", picture->set->units[picture->anchor].name);
	svg_begin(&svg, out, width, height, memory);
	svg_element(&svg, "<defs>");
	for (size_t i = 0; i < ARRAY_SIZE(relations); i++)
		svg_element(&svg,
			    "<marker id=\"arrow%zu\" viewBox=\"0 0 8 8\" refX=\"6\" refY=\"4\" markerWidth=\"8\" "
			    "markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" "
			    "fill=\"%s\"/></marker>",
			    i, relations[i].stroke);
	svg_element(&svg, "</defs>");
	svg_text(&svg, MARGIN, 32, "font-size=\"18\" font-weight=\"bold\" fill=\"#1f2933\"",
		 str_from(memory));
	for (size_t i = 0; i < layout->edge_count; i++)
		draw_edge(&svg, picture, i);
	for (size_t i = 0; i < layout->node_count; i++)
		draw_node(&svg, picture, i);
	draw_legend(&svg, height - 26, with_states);
	svg_end(&svg);
}

int deps_picture(FILE *out, const struct unit_set *set, unit_id anchor, const uint8_t *members,
		 const char *const *states)
{
	struct picture picture = {
		.set = set,
		.states = states,
		.anchor = anchor,
		.layout = { .node_height = NODE_HEIGHT, .row_gap = ROW_GAP, .layer_gap = LAYER_GAP },
	};
	int r = build(&picture, members);

	if (r == 0)
		draw(&picture, out);
	layout_free(&picture.layout);
	free(picture.layout.nodes);
	free(picture.layout.edges);
	free(picture.ids);
	free(picture.nodes);
	free(picture.relations);
	return r;
}
