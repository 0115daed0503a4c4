// Softmax and normalisations. dtype arguments are TLK_F16 or TLK_F32; parameters (gamma, beta, …) are f32.
// In place (output == input, same dtype and pitch) is allowed throughout.
#ifndef TLK_NORMALIZATION_H
#define TLK_NORMALIZATION_H

#include "types.h"
#include "activation.h"

// Softmax over the middle axis of [outer][axis][inner].
TLK_API tlk_status tlk_softmax(const void *input, tlk_dtype input_dtype, void *output, tlk_dtype output_dtype, tlk_int outer,
                               tlk_int axis, tlk_int inner);

// Normalises each row of `columns` contiguous elements: (x - mean) / sqrt(variance + epsilon) * gamma + beta.
// gamma, beta: one per column, or NULL. `residual` (NULL: none, same dtype and layout as input) is added to the input first.
TLK_API tlk_status tlk_layer_norm(const void *input, tlk_dtype input_dtype, const void *residual, void *output,
                                  tlk_dtype output_dtype, tlk_int rows, tlk_int columns, const float *gamma, const float *beta,
                                  float epsilon);

// x / sqrt(mean(x^2) + epsilon) * gamma, per row.
TLK_API tlk_status tlk_rms_norm(const void *input, tlk_dtype input_dtype, void *output, tlk_dtype output_dtype, tlk_int rows,
                                tlk_int columns, const float *gamma, float epsilon);

// MIL l2_norm: x / sqrt(sum(x^2) + epsilon), per row.
TLK_API tlk_status tlk_l2_norm(const void *input, tlk_dtype input_dtype, void *output, tlk_dtype output_dtype, tlk_int rows,
                               tlk_int columns, float epsilon);

// Per channel over the pixels of each batch entry: [batch][pixels][channels].
TLK_API tlk_status tlk_instance_norm(const void *input, tlk_dtype input_dtype, void *output, tlk_dtype output_dtype,
                                     tlk_int batch, tlk_int pixels, tlk_int channels, const float *gamma, const float *beta,
                                     float epsilon);

// activation(x * scale[column] + shift[column]): batch_norm at inference. scale, shift may be NULL.
TLK_API tlk_status tlk_scale_shift(const void *input, tlk_dtype input_dtype, void *output, tlk_dtype output_dtype, tlk_int rows,
                                   tlk_int columns, tlk_int input_pitch, tlk_int output_pitch, const float *scale,
                                   const float *shift, const tlk_activation *activation);

// MIL local_response_norm over channels: x / (k + alpha/size * sum over a window of `size` channels of x^2)^beta.
TLK_API tlk_status tlk_local_response_norm(const void *input, tlk_dtype input_dtype, void *output, tlk_dtype output_dtype,
                                           tlk_int pixels, tlk_int channels, tlk_int size, float alpha, float beta, float k);

#endif
