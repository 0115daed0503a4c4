// A Linux kernel module that switches the tile state on (XCR0 bits 17 and 18) and does nothing else. Bochs 3.0 has AMX but not XFD, without
// which Linux sets bit 17 alone, a fault; so Linux is told that there is no AMX (clearcpuid), and this module adds both bits.
// Compiled without Linux's headers: MODULE_BYTES and INIT_OFFSET, the layout of its struct module, are read from a module of the same kernel.
__asm__(
    ".section .init.text,\"ax\"\n"
    ".globl init_module\n"
    ".type init_module,@function\n"
    "init_module:\n"
    "  endbr64\n"
    "  xor %ecx,%ecx\n"
    "  xgetbv\n"
    "  or $0x60000,%eax\n"
    "  xsetbv\n"
    "  xor %eax,%eax\n"
    "  ret\n"
    ".size init_module,.-init_module\n"
    ".previous\n");
extern int init_module(void);

#define NAME_OFFSET 24
#define NAME_BYTES 56
__attribute__((section(".gnu.linkonce.this_module"), used, aligned(64))) struct {
  char state[NAME_OFFSET], name[NAME_BYTES], before[INIT_OFFSET - NAME_OFFSET - NAME_BYTES];
  int (*init)(void);
  char after[MODULE_BYTES - INIT_OFFSET - sizeof(void *)];
} this_module = {.name = "tiles", .init = init_module};

__attribute__((section(".modinfo"), used)) static const char information[] = "license=GPL\0name=tiles";
