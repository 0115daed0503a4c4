// Conversion between storage types and f32, and access to rows whose length is no multiple of the vector.

TLK_INLINE vf v_load_as(const void *base, tlk_int index, const bool half) {
  return half ? v_load_h((const uint16_t *)base + index) : v_load((const float *)base + index);
}
TLK_INLINE void v_store_as(void *base, tlk_int index, const bool half, vf v) {
  if (half) v_store_h((uint16_t *)base + index, v);
  else v_store((float *)base + index, v);
}

// The first `count` (1…TLK_LANES) elements; the other lanes are `fill`.
TLK_INLINE vf v_load_part(const void *base, tlk_int index, const bool half, tlk_int count, float fill) {
  if (half) {
    uint16_t buffer[TLK_LANES];
    for (int i = 0; i < TLK_LANES; i++) buffer[i] = 0;
    memcpy(buffer, (const uint16_t *)base + index, (size_t)count * 2);
    vf v = v_load_h(buffer);
    if (fill != 0)
      for (tlk_int i = count; i < TLK_LANES; i++) v[i] = fill;
    return v;
  }
  float buffer[TLK_LANES];
  for (int i = 0; i < TLK_LANES; i++) buffer[i] = fill;
  memcpy(buffer, (const float *)base + index, (size_t)count * 4);
  return v_load(buffer);
}
TLK_INLINE void v_store_part(void *base, tlk_int index, const bool half, tlk_int count, vf v) {
  if (half) {
    uint16_t buffer[TLK_LANES];
    v_store_h(buffer, v);
    memcpy((uint16_t *)base + index, buffer, (size_t)count * 2);
  } else {
    float buffer[TLK_LANES];
    v_store(buffer, v);
    memcpy((float *)base + index, buffer, (size_t)count * 4);
  }
}

static void TLK_KERNEL(halves_to_floats)(const uint16_t *source, float *destination, tlk_int count) {
  tlk_int i = 0;
  for (; i + 4 * TLK_LANES <= count; i += 4 * TLK_LANES) {
    vf a = v_load_h(source + i), b = v_load_h(source + i + TLK_LANES);
    vf c = v_load_h(source + i + 2 * TLK_LANES), d = v_load_h(source + i + 3 * TLK_LANES);
    v_store(destination + i, a);
    v_store(destination + i + TLK_LANES, b);
    v_store(destination + i + 2 * TLK_LANES, c);
    v_store(destination + i + 3 * TLK_LANES, d);
  }
  for (; i + TLK_LANES <= count; i += TLK_LANES) v_store(destination + i, v_load_h(source + i));
  // The last vector over again costs less than a part of one.
  if (i < count && count >= TLK_LANES) v_store(destination + count - TLK_LANES, v_load_h(source + count - TLK_LANES));
  else if (i < count) v_store_part(destination, i, false, count - i, v_load_part(source, i, true, count - i, 0));
}

static void TLK_KERNEL(floats_to_halves)(const float *source, uint16_t *destination, tlk_int count) {
  tlk_int i = 0;
  for (; i + TLK_LANES <= count; i += TLK_LANES) v_store_h(destination + i, v_load(source + i));
  if (i < count && count >= TLK_LANES) v_store_h(destination + count - TLK_LANES, v_load(source + count - TLK_LANES));
  else if (i < count) v_store_part(destination, i, true, count - i, v_load_part(source, i, false, count - i, 0));
}
