// msl-translate SHIM < shader.metal: prints the SHA-256 of the source, then the C++ that the portable device compiles.
import Glibc
@_spi(Portable) import Metal

setvbuf(stdout, nil, _IOFBF, 1 << 16)
var source = ""
while let line = readLine(strippingNewline: false) { source += line }
guard CommandLine.arguments.count == 2 else {
  fputs("usage: msl-translate SHIM-FOLDER < shader.metal\n", stderr)
  exit(2)
}
do {
  let (text, hash) = try translateShader(source, shim: CommandLine.arguments[1])
  print(hash)
  print(text, terminator: "")
} catch {
  fputs("\(error)\n", stderr)
  exit(1)
}
