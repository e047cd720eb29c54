// SPDX-License-Identifier: MIT OR Apache-2.0
/* Slices and the checked appender: see str.h. Pure: no system call, no allocation, no global. */
#include "lib/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

bool str_equal(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool str_is(struct str s, const char *text)
{
	return str_equal(s, str_from(text));
}

bool str_starts(struct str s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.n >= n && memcmp(s.p, prefix, n) == 0;
}

bool str_ends(struct str s, const char *suffix)
{
	size_t n = strlen(suffix);

	return s.n >= n && memcmp(s.p + s.n - n, suffix, n) == 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

struct str str_trim(struct str s)
{
	while (s.n > 0 && is_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool str_split(struct str *rest, char separator, struct str *ret_field)
{
	const char *end;

	if (rest->n == 0)
		return false;
	end = memchr(rest->p, separator, rest->n);
	if (!end) {
		*ret_field = *rest;
		rest->p += rest->n;
		rest->n = 0;
		return true;
	}
	*ret_field = (struct str){ rest->p, (size_t)(end - rest->p) };
	rest->n -= ret_field->n + 1;
	rest->p = end + 1;
	return true;
}

bool str_next_word(struct str *rest, struct str *ret_word)
{
	size_t start = 0;
	size_t end;

	while (start < rest->n && (is_blank(rest->p[start]) || rest->p[start] == '\n'))
		start++;
	if (start == rest->n) {
		rest->p += rest->n;
		rest->n = 0;
		return false;
	}
	end = start;
	while (end < rest->n && !is_blank(rest->p[end]) && rest->p[end] != '\n')
		end++;
	*ret_word = (struct str){ rest->p + start, end - start };
	rest->p += end;
	rest->n -= end;
	return true;
}

int str_to_u64(struct str s, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (s.n == 0)
		return -EINVAL;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(value, UINT64_C(10), &value) ||
		    __builtin_add_overflow(value, (uint64_t)(s.p[i] - '0'), &value))
			return -ERANGE;
	}
	*ret_value = value;
	return 0;
}

int str_to_i64(struct str s, int64_t *ret_value)
{
	bool negative = s.n > 0 && s.p[0] == '-';
	uint64_t magnitude;
	int r;

	if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+'))
		s = (struct str){ s.p + 1, s.n - 1 };
	r = str_to_u64(s, &magnitude);
	if (r < 0)
		return r;
	if (magnitude > (uint64_t)INT64_MAX)
		return -ERANGE;
	*ret_value = negative ? -(int64_t)magnitude : (int64_t)magnitude;
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int hex_decode(struct str s, uint8_t *bytes, size_t size)
{
	if (s.n % 2 != 0)
		return -EINVAL;
	if (s.n / 2 > size)
		return -ENOSPC;
	for (size_t i = 0; i < s.n; i++)
		if (hex_digit(s.p[i]) < 0)
			return -EINVAL;
	for (size_t i = 0; i < s.n / 2; i++)
		bytes[i] = (uint8_t)(hex_digit(s.p[2 * i]) << 4 | hex_digit(s.p[2 * i + 1]));
	return (int)(s.n / 2);
}

void buf_add_str(struct buf *b, struct str s)
{
	if (b->overflow || s.n >= b->cap - b->len) {
		b->overflow = true;
		return;
	}
	/* The empty slice may have no memory at all, which memcpy(3) does not allow. */
	if (s.n > 0)
		memcpy(b->p + b->len, s.p, s.n);
	b->len += s.n;
	b->p[b->len] = '\0';
}

void buf_add(struct buf *b, const char *text)
{
	buf_add_str(b, str_from(text));
}

void buf_add_char(struct buf *b, char c)
{
	buf_add_str(b, (struct str){ &c, 1 });
}

void buf_add_hex(struct buf *b, const uint8_t *bytes, size_t count)
{
	static const char digits[] = "0123456789abcdef";

	if (b->overflow || count >= (b->cap - b->len + 1) / 2) {
		b->overflow = true;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		buf_add_char(b, digits[bytes[i] >> 4]);
		buf_add_char(b, digits[bytes[i] & 0xf]);
	}
}

void buf_add_number(struct buf *b, int64_t number)
{
	/* The smallest one has no positive. */
	uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (number < 0)
		buf_add_char(b, '-');
	buf_add_str(b, (struct str){ digits + at, sizeof(digits) - at });
}

void buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;
	int n;

	if (b->overflow)
		return;
	va_start(args, format);
	n = vsnprintf(b->p + b->len, b->cap - b->len, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= b->cap - b->len) {
		b->p[b->len] = '\0';
		b->overflow = true;
		return;
	}
	b->len += (size_t)n;
}

void buf_add_escaped(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = (uint8_t)s.p[i];

		if (c < 0x20 || c == 0x7f || c == '\\') {
			buf_add(b, "\\x");
			buf_add_hex(b, &c, 1);
		} else {
			buf_add_char(b, (char)c);
		}
	}
}

void buf_add_seconds(struct buf *b, uint64_t ns, int decimals)
{
	uint64_t unit = 1000000000;
	uint64_t fraction = ns % 1000000000;

	for (int i = 0; i < decimals; i++)
		unit /= 10;
	buf_printf(b, "%llu", (unsigned long long)(ns / 1000000000));
	if (decimals > 0)
		buf_printf(b, ".%0*llu", decimals, (unsigned long long)(fraction / unit));
}
