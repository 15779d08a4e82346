#!/bin/sh
# @backstage/integration 2.2.0 (with @backstage/config 1.3.11)
#
# A catalog-info.yaml on the branch main names another file of its repository by a path from the root, `/docs/api.yaml`,
# in a Location's target or after `$text:`. The repository is on Gitea or Forgejo, with its integration configured.
#
# Guess:    it is the file of that path on main, as it is when the repository is on GitHub or GitLab.
# Happens:  the integration leaves resolving to what is common to all hosts, which takes the `branch` of src/branch/main
#           for the branch's name and main for a folder. The path takes main's place, and when that address is read, the
#           path's first folder is the branch: api.yaml on the branch docs. `./api.yaml`, beside the file, is right.
# Matters:  to who moves a catalog to Gitea, or writes one for any host: the entity is not found; where there is a branch
#           of that name, such as docs, its file is taken, without an error.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat > main.mjs <<'JS'
import { ConfigReader } from '@backstage/config';
import { ScmIntegrations, getGiteaFileContentsUrl } from '@backstage/integration';

const integrations = ScmIntegrations.fromConfig(
  new ConfigReader({ integrations: { github: [{ host: 'github.com' }], gitea: [{ host: 'git.example.org' }] } }),
);

for (const base of [
  'https://github.com/team/app/blob/main/docs/catalog-info.yaml',
  'https://git.example.org/team/app/src/branch/main/docs/catalog-info.yaml',
]) {
  for (const url of ['./api.yaml', '/docs/api.yaml']) {
    const resolved = integrations.resolveUrl({ url, base });
    console.log(url.padEnd(14), resolved);
    const integration = integrations.byUrl(resolved);
    if (integration.type === 'gitea') {
      console.log('  is read from', getGiteaFileContentsUrl(integration.config, resolved));
    }
  }
}
JS
npm init -y > /dev/null
npm install --ignore-scripts --no-audit --no-fund --silent --save-exact @backstage/integration@2.2.0 @backstage/config@1.3.11 || exit 2
node main.mjs > seen

cat > expected <<'OUT'
./api.yaml     https://github.com/team/app/tree/main/docs/api.yaml
/docs/api.yaml https://github.com/team/app/tree/main/docs/api.yaml
./api.yaml     https://git.example.org/team/app/src/branch/main/docs/api.yaml
  is read from https://git.example.org/api/v1/repos/team/app/contents/docs/api.yaml?ref=main
/docs/api.yaml https://git.example.org/team/app/src/branch/docs/api.yaml
  is read from https://git.example.org/api/v1/repos/team/app/contents/api.yaml?ref=docs
OUT
cat seen
diff -u expected seen
