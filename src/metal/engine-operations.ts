import { runKernel } from "../native/kernel.ts";
import { Operations, type OperationCall } from "./operations.ts";

/** Runs operations at once, by the CPU kernels that models run with. */
export class EngineOperations extends Operations {
  protected override run({ operation, inputs, outputs, parameters }: OperationCall): void {
    runKernel(operation, [...inputs, ...outputs], parameters);
  }

  protected override clone(): Operations {
    return new EngineOperations();
  }
}
