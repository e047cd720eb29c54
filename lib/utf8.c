// SPDX-License-Identifier: MIT OR Apache-2.0
/* UTF-8: see utf8.h. */
#include "lib/utf8.h"

/* A lead byte, and what the byte behind it may be: this rules overlong forms and surrogates out. */
static const struct {
	uint8_t first, last;
	uint8_t second_first, second_last;
	uint8_t length;
} leads[] = {
	{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
	{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

size_t utf8_length(struct str s)
{
	const uint8_t *bytes = (const uint8_t *)s.p;

	if (s.n == 0)
		return 0;
	if (bytes[0] < 0x80)
		return 1;
	for (size_t i = 0; i < ARRAY_SIZE(leads); i++) {
		if (bytes[0] < leads[i].first || bytes[0] > leads[i].last)
			continue;
		if (s.n < leads[i].length || bytes[1] < leads[i].second_first ||
		    bytes[1] > leads[i].second_last)
			return 0;
		for (size_t j = 2; j < leads[i].length; j++)
			if ((bytes[j] & 0xc0) != 0x80)
				return 0;
		return leads[i].length;
	}
	return 0;
}

bool utf8_is_scalar(uint32_t code_point)
{
	return code_point < 0xd800 || (code_point > 0xdfff && code_point <= 0x10ffff);
}

size_t utf8_write(uint32_t code_point, char ret[static UTF8_MAX])
{
	if (code_point < 0x80) {
		ret[0] = (char)code_point;
		return 1;
	}
	if (code_point < 0x800) {
		ret[0] = (char)(0xc0 | code_point >> 6);
		ret[1] = (char)(0x80 | (code_point & 0x3f));
		return 2;
	}
	if (code_point < 0x10000) {
		ret[0] = (char)(0xe0 | code_point >> 12);
		ret[1] = (char)(0x80 | (code_point >> 6 & 0x3f));
		ret[2] = (char)(0x80 | (code_point & 0x3f));
		return 3;
	}
	ret[0] = (char)(0xf0 | code_point >> 18);
	ret[1] = (char)(0x80 | (code_point >> 12 & 0x3f));
	ret[2] = (char)(0x80 | (code_point >> 6 & 0x3f));
	ret[3] = (char)(0x80 | (code_point & 0x3f));
	return 4;
}

const char *utf8_shown(struct str text, char ret[static UTF8_SHOWN_SIZE])
{
	static const char dots[] = "...";
	/* Behind each code point there is still room for the dots. */
	struct buf b = buf_init(ret, UTF8_SHOWN_SIZE - (sizeof(dots) - 1));
	size_t length;

	for (; text.n > 0; text = (struct str){ text.p + length, text.n - length }) {
		length = utf8_length(text);
		if (length == 0)
			length = 1;
		buf_add_escaped(&b, (struct str){ text.p, length });
		if (b.overflow) {
			memcpy(ret + b.len, dots, sizeof(dots));
			break;
		}
	}
	return ret;
}
