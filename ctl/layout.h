// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A layered drawing of a directed graph without circles, from left to right (Sugiyama's method): each node
 * stands right of all that it comes from, edges over several layers run through places of their own, the
 * order within layers avoids crossings, and positions straighten what can be straight. Pure, but for
 * memory.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct layout_node {
	double width;
	/* The result: the left upper corner. */
	double x;
	double y;
	unsigned layer;
};

struct layout_edge {
	size_t from; /* index of a node: the left one */
	size_t to;
	bool weak;   /* may be left out where other edges say the same */
	bool hidden; /* the result: it was left out */
	/* The result: where it passes the layers between; *@points pairs of x and y. Owned, free() each. */
	double *points;
	size_t point_count;
};

struct layout {
	struct layout_node *nodes;
	size_t node_count;
	struct layout_edge *edges;
	size_t edge_count;
	double node_height;
	double row_gap;	  /* between nodes of a layer */
	double layer_gap; /* between layers */
	/* The result. */
	double width;
	double height;
};

/**
 * layout_run() - places everything; the upper left corner of the whole is at 0, 0.
 * Return: 0; -ELOOP: there is a circle; -ENOMEM.
 */
int layout_run(struct layout *layout);

/** layout_free() - frees the points of the edges. */
void layout_free(struct layout *layout);
