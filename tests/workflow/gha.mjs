// GitHub's own workflow parser, language service and expression evaluator: one question a line as JSON on standard
// input, one answer a line on standard output. Started in a folder that has the packages of tests/tools/package.json.
import {register} from "node:module";
import {createInterface} from "node:readline";

// The packages import JSON files as bundlers allow it; Node.js wants to be told that they are JSON.
const hook = `export const load = (url, context, next) =>
  next(url, url.endsWith(".json") ? {...context, format: "json", importAttributes: {type: "json"}} : context);`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
const {parseWorkflow, convertWorkflowTemplate, NoOperationTraceWriter, isMapping, isSequence, isString, isBasicExpression} =
  await import("@actions/workflow-parser");
const {Lexer, Parser, Evaluator, data} = await import("@actions/expressions");
const {validate} = await import("@actions/languageservice");
const {TextDocument} = await import("vscode-languageserver-textdocument");

// JSON as the evaluator's data.
const given = (value) => {
  if (value === null || value === undefined) return new data.Null();
  if (typeof value === "string") return new data.StringData(value);
  if (typeof value === "boolean") return new data.BooleanData(value);
  if (typeof value === "number") return new data.NumberData(value);
  if (Array.isArray(value)) return new data.Array(...value.map(given));
  return new data.Dictionary(...Object.entries(value).map(([key, each]) => ({key, value: given(each)})));
};

// The parser's tree as JSON: what the file says, scalars as texts.
const plain = (token) => {
  if (isMapping(token)) return Object.fromEntries([...token].map(({key, value}) => [plain(key), plain(value)]));
  if (isSequence(token)) return [...token].map(plain);
  if (isBasicExpression(token)) return `\${{ ${token.expression} }}`;
  return isString(token) ? token.value : token.toDisplayString();
};

// Functions of job conditions; they are the runner's, not the evaluator's.
const functions = (status) =>
  ["always", "success", "failure", "cancelled"].map((name) => ({
    name, minArgs: 0, maxArgs: 0, call: () => new data.BooleanData(name === "always" || status[name]),
  }));

const evaluate = (expression, context, status) => {
  const known = functions(status);
  const tree = new Parser(new Lexer(expression).lex().tokens, Object.keys(context), known).parse();
  return new Evaluator(tree, given(context), new Map(known.map((each) => [each.name, each]))).evaluate();
};

// The same file is asked about many times in a row.
let last = {};
const load = (content) => {
  if (last.content !== content) last = {content, answer: read(content)};
  return last.answer;
};
const read = async (content) => {
  const parsed = parseWorkflow({name: "publish.yml", content}, new NoOperationTraceWriter());
  const template = parsed.value && (await convertWorkflowTemplate(parsed.context, parsed.value));
  return {errors: parsed.context.errors.getErrors().map((each) => each.message), tree: parsed.value, template};
};

let documents = 0;
const answers = {
  // What the parser refuses, and what it understood.
  async parse({content}) {
    const {errors, tree, template} = await load(content);
    const jobs = (template?.jobs ?? []).map((job) => [job.id.value, (job.needs ?? []).map((need) => need.value)]);
    return {errors, events: template?.events ?? {}, needs: Object.fromEntries(jobs), tree: tree ? plain(tree) : null};
  },
  // What the editor underlines. It remembers a file by its address, so each has one of its own.
  async diagnose({content}) {
    const uri = `file:///repository/.github/workflows/publish-${++documents}.yml`;
    const found = await validate(TextDocument.create(uri, "yaml", 1, content));
    return found.map(({range, message}) => `${range.start.line + 1}: ${message}`);
  },
  // The conditions of jobs as the parser completes them: `success() && (...)` where no status function is named.
  async conditions({content}) {
    const {errors, template} = await load(content);
    if (errors.length) throw new Error(errors.join("; "));
    return Object.fromEntries(template.jobs.map((job) => [job.id.value, job.if.expression]));
  },
  // The value of one expression, as text.
  async evaluate({expression, context, status}) {
    return evaluate(expression, context, status).coerceString();
  },
  // Which jobs run: how each ends if it does is given, what it puts out, and which of them are looked at only after
  // the run was cancelled.
  async run({content, context, ends, outputs, cancelled}) {
    const {errors, template} = await load(content);
    if (errors.length) throw new Error(errors.join("; "));
    const jobs = new Map(template.jobs.map((job) => [job.id.value, job]));
    const needs = (id) => (jobs.get(id).needs ?? []).map((need) => need.value);
    const before = (id) => [...new Set(needs(id).flatMap((need) => [need, ...before(need)]))];
    const results = {};
    const settle = (id) => {
      if (id in results) return;
      needs(id).forEach(settle);
      // success() and failure() look at all jobs before this one, not only at those it names (actions/runner#491).
      const earlier = before(id).map((each) => results[each]);
      const status = {
        success: !cancelled.includes(id) && earlier.every((each) => each === "success"),
        failure: earlier.includes("failure"),
        cancelled: cancelled.includes(id),
      };
      const need = Object.fromEntries(needs(id).map((each) => [each, {
        result: results[each], outputs: results[each] === "skipped" ? {} : outputs[each] ?? {},
      }]));
      const runs = evaluate(`!!(${jobs.get(id).if.expression})`, {...context, needs: need}, status);
      results[id] = runs.value ? ends[id] ?? "success" : "skipped";
    };
    [...jobs.keys()].forEach(settle);
    return Object.fromEntries([...jobs.keys()].map((id) => [id, results[id]]));
  },
};

for await (const line of createInterface({input: process.stdin})) {
  const question = JSON.parse(line);
  const answer = await answers[question.ask](question).then((ok) => ({ok}), (error) => ({error: String(error.message)}));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
