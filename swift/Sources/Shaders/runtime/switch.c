#include "switch.h"

#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)

__asm__(
    ".text\n"
    ".hidden tlm_switch\n"
    ".globl tlm_switch\n"
    ".type tlm_switch,@function\n"
    "tlm_switch:\n"
    "  pushq %rbp\n"
    "  pushq %rbx\n"
    "  pushq %r12\n"
    "  pushq %r13\n"
    "  pushq %r14\n"
    "  pushq %r15\n"
    "  movq %rsp, (%rdi)\n"
    "  movq %rsi, %rsp\n"
    "  popq %r15\n"
    "  popq %r14\n"
    "  popq %r13\n"
    "  popq %r12\n"
    "  popq %rbx\n"
    "  popq %rbp\n"
    "  ret\n"
    ".size tlm_switch,.-tlm_switch\n");

enum { SAVED_WORDS = 6 };

void *tlm_stack_prepare(void *base, size_t bytes, void (*entry)(void)) {
  uintptr_t top = ((uintptr_t)base + bytes) & ~(uintptr_t)15;
  uintptr_t *stack = (uintptr_t *)top;
  // After `ret` has taken the address, the stack is 8 below a multiple of 16, as behind a call.
  *--stack = 0;
  *--stack = (uintptr_t)entry;
  stack -= SAVED_WORDS;
  memset(stack, 0, SAVED_WORDS * sizeof *stack);
  return stack;
}

#elif defined(__aarch64__)

__asm__(
    ".text\n"
    ".hidden tlm_switch\n"
    ".globl tlm_switch\n"
    ".type tlm_switch,%function\n"
    "tlm_switch:\n"
    "  sub sp, sp, #160\n"
    "  stp x19, x20, [sp, #0]\n"
    "  stp x21, x22, [sp, #16]\n"
    "  stp x23, x24, [sp, #32]\n"
    "  stp x25, x26, [sp, #48]\n"
    "  stp x27, x28, [sp, #64]\n"
    "  stp x29, x30, [sp, #80]\n"
    "  stp d8, d9, [sp, #96]\n"
    "  stp d10, d11, [sp, #112]\n"
    "  stp d12, d13, [sp, #128]\n"
    "  stp d14, d15, [sp, #144]\n"
    "  mov x9, sp\n"
    "  str x9, [x0]\n"
    "  mov sp, x1\n"
    "  ldp x19, x20, [sp, #0]\n"
    "  ldp x21, x22, [sp, #16]\n"
    "  ldp x23, x24, [sp, #32]\n"
    "  ldp x25, x26, [sp, #48]\n"
    "  ldp x27, x28, [sp, #64]\n"
    "  ldp x29, x30, [sp, #80]\n"
    "  ldp d8, d9, [sp, #96]\n"
    "  ldp d10, d11, [sp, #112]\n"
    "  ldp d12, d13, [sp, #128]\n"
    "  ldp d14, d15, [sp, #144]\n"
    "  add sp, sp, #160\n"
    "  ret\n"
    ".size tlm_switch,.-tlm_switch\n");

enum { SAVED_BYTES = 160, RETURN_WORD = 11 };

void *tlm_stack_prepare(void *base, size_t bytes, void (*entry)(void)) {
  uintptr_t top = ((uintptr_t)base + bytes) & ~(uintptr_t)15;
  uintptr_t *stack = (uintptr_t *)(top - SAVED_BYTES);
  memset(stack, 0, SAVED_BYTES);
  stack[RETURN_WORD] = (uintptr_t)entry;
  return stack;
}

#else
#error "no stack switch for this architecture: add one beside x86_64 and aarch64"
#endif
