/** Child process of soak.test.ts: thousands of rounds of everything that takes memory; prints handles and resident memory as JSON. */
import { join } from "node:path";
import { Image, loadModel, readCounters, Tensor } from "../src/index.ts";
import { fixtureModel } from "./support/fixtures.ts";

const collect = async () => {
  for (let i = 0; i < 4; i++) {
    Bun.gc(true);
    await Bun.sleep(5);
  }
};

const addOne = await loadModel(fixtureModel("add_one"));
const classifier = await loadModel(fixtureModel("classifier_string"));
const stateful = await loadModel(fixtureModel("stateful"));
const pictures = await loadModel(fixtureModel("image_to_image"));
const photo = await Image.open(join(import.meta.dir, "..", "models", "photos", "rocket.jpg"));
const six = new Float32Array(6).fill(0.5);

async function round(i: number): Promise<void> {
  const x = Tensor.zeros([1, 8]);
  addOne.predictSync({ x });
  addOne.predictSync({ x: new Float32Array(8) });
  classifier.predictSync({ x: six });
  // Native memory that nobody disposes, much larger than what the collector sees of it.
  Tensor.zeros([256, 1024]).data[0] = i;
  if (i % 2 === 0) x.dispose();
  if (i % 10 === 0) {
    await Promise.all([addOne.predict({ x: new Float32Array(8) }), classifier.predict({ x: six })]);
    using state = stateful.newState();
    stateful.predictSync({ x: [1, 2, 3, 4] }, { state });
    using request = addOne.bind({ x: Tensor.zeros([1, 8]) });
    request.run();
    void request.outputs;
    try {
      addOne.predictSync({ x: "wrong" });
    } catch {}
  }
  if (i % 50 === 0) {
    pictures.predictSync({
      [pictures.inputs[0]!.name]: Image.fromPixels(photo.toPixels("RGB").data, {
        width: 640,
        height: 427,
        mode: "RGB",
      }),
    });
    (await loadModel(fixtureModel("linear"))).dispose();
  }
}

async function rounds(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await round(i);
  await collect();
}

const measure = () => ({ handles: readCounters().handles, rssMb: process.memoryUsage().rss / 2 ** 20 });

await rounds(500);
const before = measure();
await rounds(3000);
const after = measure();
for (const model of [addOne, classifier, stateful, pictures]) model.dispose();
await collect();
console.log(JSON.stringify({ before, after, end: readCounters() }));
