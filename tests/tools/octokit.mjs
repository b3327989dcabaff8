// A release with Octokit, GitHub's own client: prints what it saw as JSON. Called with a file to attach.
// Node.js before 24 knows no proxies, so its fetch is undici's with one, as Octokit's documentation has it.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { Octokit as Core } from "@octokit/core";
import { paginateRest } from "@octokit/plugin-paginate-rest";
import { restEndpointMethods } from "@octokit/plugin-rest-endpoint-methods";
import { fetch, ProxyAgent } from "undici";

const ca = readFileSync(process.env.NODE_EXTRA_CA_CERTS);
const dispatcher = new ProxyAgent({ uri: process.env.HTTPS_PROXY, requestTls: { ca } });
const Octokit = Core.plugin(restEndpointMethods, paginateRest);
const octokit = new Octokit({
  auth: process.env.GH_TOKEN,
  request: { fetch: (url, options) => fetch(url, { ...options, dispatcher }) },
});
const { rest } = octokit;
const where = { owner: "owner", repo: "sample" };
const commit = (await rest.repos.getCommit({ ...where, ref: "tags/v1.0.0" })).data;
const runs = await octokit.paginate(rest.actions.listWorkflowRunsForRepo, { ...where, head_sha: commit.sha, per_page: 1 });
const run = runs.find((each) => each.name === "Test Suite");
const jobs = await octokit.paginate(rest.actions.listJobsForWorkflowRun, { ...where, run_id: run.id });
const checks = await octokit.paginate(rest.checks.listForRef, { ...where, ref: commit.sha });
const seen = {
  default: (await rest.repos.get(where)).data.default_branch,
  checks: checks.map((c) => [c.name, c.status, c.conclusion, c.app.slug]),
  status: (await rest.repos.getCombinedStatusForRef({ ...where, ref: commit.sha })).data.state,
  run: [run.path, run.event, run.conclusion, jobs.map((job) => job.name)],
  tag: (await rest.git.getRef({ ...where, ref: "tags/v1.0.0" })).data.object.type,
};
const inputs = { dry_run: "true" };
const started = await rest.actions.createWorkflowDispatch({ ...where, workflow_id: "publish.yml", ref: "main", inputs });
seen.dispatched = [200, 204].includes(started.status);
const text = { tag_name: "v1.0.0", name: "v1.0.0", body: "hello" };
const draft = (await rest.repos.createRelease({ ...where, ...text, draft: true })).data;
const file = process.argv[2];
const upload = { ...where, release_id: draft.id, name: basename(file), data: readFileSync(file) };
const asset = (await rest.repos.uploadReleaseAsset(upload)).data;
seen.asset = [asset.state, asset.size > 0, draft.draft];
const published = (await rest.repos.updateRelease({ ...where, release_id: draft.id, draft: false })).data;
seen.release = [published.tag_name, published.draft, published.assets.map((a) => a.name)];
seen.latest = (await rest.repos.getLatestRelease(where)).data.tag_name;
try {
  await rest.repos.getReleaseByTag({ ...where, tag: "v9" });
} catch (error) {
  seen.missing = error.status;
}
console.log(JSON.stringify(seen));
