// The machine's f32 multiply-add rate on one thread, for the instruction set in use.
#ifndef PEAK_H
#define PEAK_H

double measured_peak_gflops(void);

#endif
