#include "check.h"

static const int bytes_of[] = {4, 4, 3, 3, 1}, red_of[] = {0, 2, 0, 2, 0}, green_of[] = {1, 1, 1, 1, 0}, blue_of[] = {2, 0, 2, 0, 0};

static void check_image(tlk_pixel_format format, tlk_color_layout layout, tlk_dtype type, bool planar) {
  begin_case("image format %d layout %d dtype %d planar %d", format, layout, type, planar);
  const tlk_int width = 19, height = 5, channels = layout == TLK_COLOR_GRAY ? 1 : 3, row_bytes = width * bytes_of[format] + 3;
  tlk_int cs = planar ? width * height : 1, rs = planar ? width : width * channels, xs = planar ? 1 : channels;
  uint8_t *pixels = guarded((size_t)((height - 1) * row_bytes + width * bytes_of[format])), *back = guarded((size_t)((height - 1) * row_bytes + width * bytes_of[format]));
  for (tlk_int i = 0; i < (height - 1) * row_bytes + width * bytes_of[format]; i++) pixels[i] = (uint8_t)next_random();
  void *tensor = guarded((size_t)(channels * width * height * tlk_dtype_size(type)));
  const bool real = type == TLK_F16 || type == TLK_F32;
  const float scale[] = {1 / 128.0f, 1 / 64.0f, 1 / 255.0f}, bias[] = {-1, 0.5f, 0}, back_scale[] = {128, 64, 255}, back_bias[] = {128, -32, 0};
  expect_status(tlk_image_to_tensor(pixels, format, width, height, row_bytes, tensor, type, layout, cs, rs, xs, real ? scale : NULL, real ? bias : NULL), TLK_OK, "to tensor");
  expect_status(tlk_image_from_tensor(tensor, type, layout, cs, rs, xs, real ? back_scale : NULL, real ? back_bias : NULL, back, format, width, height, row_bytes), TLK_OK, "from tensor");
  for (tlk_int y = 0; y < height; y++)
    for (tlk_int x = 0; x < width; x++) {
      const uint8_t *p = pixels + y * row_bytes + x * bytes_of[format], *q = back + y * row_bytes + x * bytes_of[format];
      double rgb[3] = {p[red_of[format]], p[green_of[format]], p[blue_of[format]]};
      double gray = format == TLK_PIXEL_GRAY ? p[0] : floor(0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2] + 0.5 + 1e-9);
      for (tlk_int c = 0; c < channels; c++) {
        double want = channels == 1 ? gray : rgb[layout == TLK_COLOR_RGB ? c : 2 - c];
        if (real) want = want * scale[c] + bias[c];
        expect_near(element(tensor, type, c * cs + y * rs + x * xs), want, storage_error(type, want) + 1e-6, "value", (y * width + x) * channels + c);
      }
      // f16 keeps the bytes of an image: the way there and back changes nothing.
      if (channels == 3 || format == TLK_PIXEL_GRAY)
        for (int i = 0; i < bytes_of[format] && i < 3; i++) expect_near(q[i], p[i], 0, "byte", (y * width + x) * 3 + i);
      if (bytes_of[format] == 4) expect_near(q[3], 255, 0, "alpha", y * width + x);
    }
  release_guarded();
}

void test_image(void) {
  static const tlk_dtype types[] = {TLK_F16, TLK_F32, TLK_I32, TLK_U8};
  for (tlk_pixel_format format = TLK_PIXEL_RGBA; format <= TLK_PIXEL_GRAY; format++)
    for (tlk_color_layout layout = TLK_COLOR_RGB; layout <= TLK_COLOR_GRAY; layout++)
      for (int t = 0; t < 4; t++) check_image(format, layout, types[t], (t + (int)format) & 1);
  begin_case("image limits");
  const float values[] = {-5, 300, NAN, 127.5f, 128.5f, 254.6f, INFINITY, -INFINITY};
  const uint8_t want[] = {0, 255, 0, 128, 128, 255, 255, 0};
  uint8_t gray[8];
  tlk_image_from_tensor(values, TLK_F32, TLK_COLOR_GRAY, 8, 8, 1, NULL, NULL, gray, TLK_PIXEL_GRAY, 8, 1, 8);
  for (int i = 0; i < 8; i++) expect_near(gray[i], want[i], 0, "byte", i);
}
