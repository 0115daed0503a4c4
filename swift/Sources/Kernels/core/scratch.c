#include <pthread.h>
#include <stdlib.h>

#include "kernels/pool.h"

typedef struct {
  void *memory;
  size_t bytes;
} scratch_block;

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void release(void *value) {
  scratch_block *block = value;
  free(block->memory);
  free(block);
}

static void create_key(void) { pthread_key_create(&key, release); }

static scratch_block *block_of_this_thread(void) {
  pthread_once(&once, create_key);
  scratch_block *block = pthread_getspecific(key);
  if (block) return block;
  block = calloc(1, sizeof *block);
  if (block && pthread_setspecific(key, block) != 0) {
    free(block);
    return NULL;
  }
  return block;
}

void *tlk_scratch(size_t bytes) {
  scratch_block *block = block_of_this_thread();
  if (!block || bytes > SIZE_MAX / 2) return NULL;
  if (bytes <= block->bytes) return block->memory;
  free(block->memory);
  block->memory = NULL;
  block->bytes = 0;
  // A quarter more: sizes creep up from step to step of a model.
  size_t rounded = (bytes + bytes / 4 + 4095) & ~(size_t)4095;
  void *memory;
  if (posix_memalign(&memory, 4096, rounded) != 0) return NULL;
  block->memory = memory;
  block->bytes = rounded;
  return memory;
}
