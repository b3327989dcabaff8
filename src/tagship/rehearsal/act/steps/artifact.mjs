// GitHub's own artifact client, for one call. Arguments: the client's module, the file for the answer.
// Standard input: [method, ...arguments] as JSON; the answer is its result, or {error}.
import {readFileSync, writeFileSync} from "node:fs";
import {pathToFileURL} from "node:url";

const [module, answer] = process.argv.slice(-2);
const {DefaultArtifactClient} = await import(pathToFileURL(module));
const [method, ...words] = JSON.parse(readFileSync(0, "utf8"));
let result;
try {
  result = await new DefaultArtifactClient()[method](...words);
} catch (error) {
  result = {error: error.message};
}
writeFileSync(answer, JSON.stringify(result));
