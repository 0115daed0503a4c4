// Reads model files and prints one JSON line each: what they say of themselves, or the error. For tests.
//
//   mil-dump [--graph] PATH…      --graph adds every operation
//   mil-dump [--graph] -          paths from standard input, one a line
//   mil-dump --mutate PATH        reads damaged copies of a file and counts the answers
import MIL

var arguments = Array(CommandLine.arguments.dropFirst())
let withGraph = arguments.first == "--graph"
if withGraph { arguments.removeFirst() }

func dump(_ path: String) {
  var line: JSON.Object = ["path": .string(path)]
  do {
    line["format"] = .string(try ModelFile.detect(path: path).rawValue)
    for (key, value) in members(describe(try ModelFile.load(path: path), withGraph: withGraph)) { line[key] = value }
  } catch {
    line["error"] = errorJSON(error)
  }
  print(JSON.object(line).serialised())
}

if arguments.first == "--mutate" {
  for path in arguments.dropFirst() { print(mutate(path).serialised()) }
} else if arguments == ["-"] {
  while let path = readLine() { dump(path) }
} else {
  arguments.forEach(dump)
}
