// Part of the fixed Verilator harness of tpe: everything that the simulated code
// prints goes through tpe_printf, which counts failed assertions.
#ifndef TPE_HARNESS_H_
#define TPE_HARNESS_H_
int tpe_printf(const char* format, ...);
#define VL_PRINTF tpe_printf
#endif
