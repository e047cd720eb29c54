// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The little of SVG that the charts need. Fonts are whatever the viewer has under common names; text
 * widths are estimates on the safe side.
 */
#pragma once

#include <stdio.h>

#include "lib/macros.h"
#include "lib/str.h"

struct svg {
	FILE *out;
};

/** svg_begin() - the head of a picture of this size with a white ground and a title. */
void svg_begin(struct svg *svg, FILE *out, double width, double height, const char *title);
void svg_end(struct svg *svg);

/** svg_element() - one element as it stands; no text of others may be in it. */
void svg_element(struct svg *svg, const char *format, ...) _printf_(2, 3);

/** svg_text() - @text is escaped. @attributes: of the <text> element, as they stand. */
void svg_text(struct svg *svg, double x, double y, const char *attributes, struct str text);

/** svg_title() - a <title> element: what the pointer shows over the group around it. */
void svg_title(struct svg *svg, struct str text);

/** svg_text_width() - how wide @text is at this font size, at most. */
double svg_text_width(struct str text, double size);

/** svg_open() - Return: a stream for --svg=@path ("-": standard output), or NULL (said). svg_close() says 0 or -errno. */
FILE *svg_open(const char *path);
int svg_close(FILE *out, const char *path);
