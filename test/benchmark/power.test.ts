import { expect, test } from "bun:test";
import { meanWatts, raplMeter } from "../../src/benchmark/power.ts";
import { temporaryFolder } from "../setup/temporary.ts";

test("RAPL: packages are summed, parts of packages are not, a counter may wrap around", async () => {
  using folder = temporaryFolder();
  const write = (name: string, uj: number) => folder.write(`${name}/energy_uj`, `${uj}\n`);
  for (const name of ["intel-rapl:0", "intel-rapl:1", "intel-rapl:0:0"]) {
    write(name, 1_000_000);
    folder.write(`${name}/max_energy_range_uj`, "10000000\n");
  }
  const meter = raplMeter(folder.path);
  meter.start();
  write("intel-rapl:0", 3_500_000);
  write("intel-rapl:1", 500_000);
  write("intel-rapl:0:0", 9_000_000);
  expect(await meter.stop()).toEqual({ joules: 2.5 + 9.5 });
});

test("RAPL: why there is no value", async () => {
  using folder = temporaryFolder();
  expect(await raplMeter(folder.path).stop()).toEqual({ unknown: "no RAPL counter" });
  expect(await raplMeter("/nowhere").stop()).toEqual({ unknown: "no RAPL counter" });
  folder.write("intel-rapl:0/max_energy_range_uj", "10\n");
  expect(await raplMeter(folder.path).stop()).toEqual({ unknown: "RAPL needs root" });
});

test("powermetrics: the mean of its samples, combined or in parts", () => {
  expect(
    meanWatts("CPU Power: 100 mW\nGPU Power: 20 mW\nANE Power: 500 mW\nCombined Power (CPU + GPU + ANE): 620 mW\n"),
  ).toBe(0.62);
  expect(meanWatts("CPU Power: 100 mW\nANE Power: 500 mW\n…\nCPU Power: 300 mW\nANE Power: 700 mW\n")).toBe(0.8);
  expect(meanWatts("")).toBeUndefined();
});
