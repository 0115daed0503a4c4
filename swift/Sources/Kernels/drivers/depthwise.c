#include "depthwise.h"

#include "window.h"

tlk_status tlk_depthwise_run(const tlk_conv *conv) {
  tlk_window window = {.shape = conv->shape, .kind = TLK_WINDOW_WEIGHTED, .input = conv->input, .output = conv->output,
                       .input_pitch = conv->input_pitch, .output_pitch = conv->output_pitch, .input_dtype = conv->input_dtype,
                       .output_dtype = conv->output_dtype, .weights = conv->packed, .weight_dtype = conv->weight_dtype,
                       .epilogue = &conv->epilogue};
  return tlk_window_run(&window);
}
