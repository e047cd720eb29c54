// SPDX-License-Identifier: MIT OR Apache-2.0
/* The little of SVG that the charts need: see svg.h. */
#include "ctl/svg.h"

#include <errno.h>
#include <stdarg.h>

#include "ctl/output.h"
#include "lib/klog.h"

#define FONTS "'DejaVu Sans','Noto Sans','Liberation Sans',Helvetica,Arial,sans-serif"

static void escape(FILE *out, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = (uint8_t)text.p[i];

		if (c == '<')
			fputs("&lt;", out);
		else if (c == '>')
			fputs("&gt;", out);
		else if (c == '&')
			fputs("&amp;", out);
		else if (c >= 0x20 && c < 0x7f)
			(void)putc(c, out);
		else
			(void)putc('?', out);
	}
}

void svg_begin(struct svg *svg, FILE *out, double width, double height, const char *title)
{
	svg->out = out;
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
		"viewBox=\"0 0 %.0f %.0f\" font-family=\"" FONTS "\" font-size=\"12\">\n<title>",
		width, height, width, height);
	escape(out, str_from(title));
	fprintf(out, "</title>\n<rect width=\"%.0f\" height=\"%.0f\" fill=\"#ffffff\"/>\n", width,
		height);
}

void svg_end(struct svg *svg)
{
	fputs("</svg>\n", svg->out);
}

void svg_element(struct svg *svg, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(svg->out, format, arguments);
	va_end(arguments);
	(void)putc('\n', svg->out);
}

void svg_text(struct svg *svg, double x, double y, const char *attributes, struct str text)
{
	fprintf(svg->out, "<text x=\"%.1f\" y=\"%.1f\" %s>", x, y, attributes);
	escape(svg->out, text);
	fputs("</text>\n", svg->out);
}

void svg_title(struct svg *svg, struct str text)
{
	fputs("<title>", svg->out);
	escape(svg->out, text);
	fputs("</title>\n", svg->out);
}

double svg_text_width(struct str text, double size)
{
	/* The mean of DejaVu Sans, the widest of the fonts, over names of units. */
	return (double)text.n * size * 0.62;
}

FILE *svg_open(const char *path)
{
	FILE *out = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");

	if (!out)
		complain("%s: %s", path, error_name(errno));
	return out;
}

int svg_close(FILE *out, const char *path)
{
	if ((out == stdout ? fflush(out) : fclose(out)) == 0)
		return 0;
	complain("%s: %s", path, error_name(errno));
	return -errno;
}
