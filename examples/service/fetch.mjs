// Asks a Tilewright service for features: node fetch.mjs GROUPBY COLUMN=VALUE...
const [groupBy, ...pairs] = process.argv.slice(2);
const keys = pairs.map((pair) => Object.fromEntries([pair.split("=", 2)]));

const response = await fetch(
  `${process.env.SERVICE_URL}/v1/features/groupby/${encodeURIComponent(groupBy)}`,
  {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ keys, at: "2024-01-04T14:37:25Z" }),
    signal: AbortSignal.timeout(5000),
  },
);
const answer = await response.json();
if (!response.ok) throw new Error(`${answer.error.message} ${answer.error.advice}`);

for (const row of answer.results) {
  console.log(row.entityKeys, row.status === "Success" ? row.features : row.error);
}
