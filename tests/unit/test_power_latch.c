// SPDX-License-Identifier: MIT OR Apache-2.0
/* init/power: a later wish may only be stronger, so a power-off never becomes a reboot (hc-86). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "init/power.h"

static const enum power_action actions[] = { POWER_NONE, POWER_KEXEC, POWER_REBOOT, POWER_HALT,
					     POWER_OFF };

static void test_only_escalates_hc_86(void **state _unused_)
{
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		for (size_t j = 0; j < ARRAY_SIZE(actions); j++) {
			enum power_action latched = power_latch(actions[i], actions[j]);

			assert_int_equal(latched, actions[i > j ? i : j]);
			/* Saying the same again changes nothing. */
			assert_int_equal(power_latch(latched, actions[i]), latched);
			assert_int_equal(power_latch(latched, actions[j]), latched);
		}
}

/* Whatever the order of any three wishes, the outcome is the strongest. */
static void test_order_does_not_matter_hc_86(void **state _unused_)
{
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		for (size_t j = 0; j < ARRAY_SIZE(actions); j++)
			for (size_t k = 0; k < ARRAY_SIZE(actions); k++) {
				enum power_action one = power_latch(power_latch(actions[i], actions[j]),
								    actions[k]);
				enum power_action other =
					power_latch(power_latch(actions[k], actions[i]), actions[j]);

				assert_int_equal(one, other);
			}
}

static void test_names(void **state _unused_)
{
	assert_string_equal(power_name(POWER_OFF), "power-off");
	assert_string_equal(power_name(POWER_REBOOT), "reboot");
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		assert_string_not_equal(power_name(actions[i]), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_escalates_hc_86),
		cmocka_unit_test(test_order_does_not_matter_hc_86),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
