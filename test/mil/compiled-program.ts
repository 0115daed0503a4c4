import type { Folder } from "./temporary.ts";

/** A compiled model with this program text and whatever else. */
export function compiled(folder: Folder, program: string, files: Record<string, string | Uint8Array> = {}): string {
  for (const [name, content] of Object.entries(files)) folder.write(`m.mlmodelc/${name}`, content);
  return folder.write("m.mlmodelc/model.mil", program).slice(0, -"/model.mil".length);
}

/** A program of these lines from x to y, in the older dialect or the newer. */
export function program(lines: string, version = "1.0"): string {
  return `program(${version})
{
    func main<ios16>(tensor<fp32, [2]> x) {
            ${lines}
            tensor<fp32, [2]> y = relu(x = x)[name = tensor<string, []>("y")];
        } -> (y);
}
`;
}
