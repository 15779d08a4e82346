#!/bin/sh
# @kubernetes/client-node 1.4.0 (2.0.1, the newest, has the same lines), pinned by @backstage/plugin-kubernetes-backend
# 0.21.11, which calls its topPods for the metrics of a component's pods
#
# Memory limits of pods as their manifests have them; the API server keeps 1.5Gi as it was written.
#
# Guess:    1.5Gi is 1610612736, as 1536Mi is; 0.5 and 100m are read as fractions, too.
# Happens:  0.5 is read as a number, but what stands before Gi is given to BigInt, which takes whole numbers only (by the
#           source so before every suffix that makes a number larger). topPods rejects, for all the pods it was asked
#           about, with a SyntaxError that names neither the pod nor the field.
# Matters:  to who runs Backstage's Kubernetes plugin or writes a controller in TypeScript: one pod with 1.5Gi takes the
#           metrics of the component's other pods with it.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat > main.mjs <<'JS'
import { topPods } from '@kubernetes/client-node';

const pod = (name, memory) => ({
  metadata: { name, namespace: 'team' },
  spec: {
    containers: [{ name: 'c', resources: { requests: { cpu: '0.5', memory }, limits: { cpu: '1500m', memory } } }],
  },
});
const usage = ({ metadata }) => ({ metadata, containers: [{ name: 'c', usage: { cpu: '5m', memory: '100Mi' } }] });

async function top(...pods) {
  const asked = pods.map(p => `${p.metadata.name} ${p.spec.containers[0].resources.limits.memory}`).join(', ');
  const core = { listPodForAllNamespaces: async () => ({ items: pods }) };
  const metrics = { getPodMetrics: async () => ({ items: pods.map(usage) }) };
  try {
    const rows = await topPods(core, metrics);
    console.log(`${asked}: ${rows.map(r => `${r.Pod.metadata.name} ${r.Memory.LimitTotal}`).join(', ')}`);
  } catch (error) {
    console.log(`${asked}: ${error.name}: ${error.message}`);
  }
}

await top(pod('a', '1536Mi'), pod('b', '512Mi'));
await top(pod('a', '1.5Gi'), pod('b', '512Mi'));
JS
npm init -y > /dev/null
npm install --ignore-scripts --no-audit --no-fund --silent --save-exact @kubernetes/client-node@1.4.0
node main.mjs > seen

cat > expected <<'OUT'
a 1536Mi, b 512Mi: a 1610612736, b 536870912
a 1.5Gi, b 512Mi: SyntaxError: Cannot convert 1.5 to a BigInt
OUT
cat seen
diff -u expected seen
