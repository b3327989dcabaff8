// One job of a workflow with GitHub's own artifact client: does what standard input says, and writes what came of it.
// Input: [["uploadArtifact", "dist", ["/x/a.whl"], "/x"], ...]; output, in the file that is named as argument: [result, ...].
import {readFileSync, writeFileSync} from "node:fs";
import {DefaultArtifactClient} from "@actions/artifact";

const client = new DefaultArtifactClient();
const results = [];
for (const [method, ...words] of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    results.push(await client[method](...words));
  } catch (error) {
    results.push({error: error.message});
  }
}
writeFileSync(process.argv.at(-1), JSON.stringify(results));
