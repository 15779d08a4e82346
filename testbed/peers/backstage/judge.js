'use strict';

// What the catalog of Backstage makes of files: its own reader, policies, processors and orchestrator, without database,
// network and server. Standard input: the directory of the installed backend, and cases, each of which is the files of a
// repository by their paths. Standard output: for each case the errors, from the one entry on.

const path = require('node:path');
const { readFileSync } = require('node:fs');

const { backend, entry, cases } = JSON.parse(readFileSync(0, 'utf8'));
const modules = path.join(backend, 'node_modules');
const load = name => require(path.join(modules, name));
const inside = (name, file) => load(`@backstage/${name}/dist/${file}.cjs.js`);

const { ConfigReader } = load('@backstage/config');
const { ScmIntegrations } = load('@backstage/integration');
const model = load('@backstage/catalog-model');
const { Minimatch } = load('minimatch');
const isGlob = load('is-glob');
const catalog = 'plugin-catalog-backend';
const { DefaultCatalogProcessingOrchestrator } = inside(catalog, 'processing/DefaultCatalogProcessingOrchestrator');
const { BuiltinKindsEntityProcessor } = inside(catalog, 'processors/BuiltinKindsEntityProcessor');
const { AnnotateLocationEntityProcessor } = inside(catalog, 'processors/AnnotateLocationEntityProcessor');
const { UrlReaderProcessor } = inside(catalog, 'processors/UrlReaderProcessor');
const placeholders = inside(catalog, 'processors/PlaceholderProcessor');
const { defaultEntityDataParser } = inside(catalog, 'util/parse');
const { ScaffolderEntitiesProcessor } = inside(
  'plugin-catalog-backend-module-scaffolder-entity-model',
  'processor/ScaffolderEntitiesProcessor',
);

const integrations = ScmIntegrations.fromConfig(new ConfigReader({ integrations: { github: [{ host: 'github.com' }] } }));
const root = /^https:\/\/github\.com\/org\/hub\/(blob|tree)\/main\//;

// GitHub's reader over the files of a case.
function readerOf(files) {
  const pathOf = url => (root.test(url) ? decodeURIComponent(new URL(url).pathname.split('/').slice(5).join('/')) : undefined);
  const notFound = url => Object.assign(new Error(`${url} is not there`), { name: 'NotFoundError' });
  const read = async file => Buffer.from(files[file]);
  return {
    async readUrl(url) {
      if (!(pathOf(url) in files)) throw notFound(url);
      return { buffer: () => read(pathOf(url)) };
    },
    async search(url) {
      const wanted = pathOf(url) ?? '';
      const matcher = new Minimatch(wanted);
      const found = isGlob(wanted) ? Object.keys(files).filter(it => matcher.match(it)) : wanted in files ? [wanted] : [];
      const urlOf = file => (isGlob(wanted) ? `https://github.com/org/hub/tree/main/${file}` : url);
      return { etag: '', files: found.map(file => ({ url: urlOf(file), content: () => read(file) })) };
    },
  };
}

async function judge(files) {
  const errors = [];
  const logger = { warn: text => errors.push(text), debug() {}, info() {}, error() {}, child: () => logger };
  const reader = readerOf(files);
  const orchestrator = new DefaultCatalogProcessingOrchestrator({
    // As `CatalogBuilder` puts them together.
    processors: [
      new placeholders.PlaceholderProcessor({
        resolvers: {
          json: placeholders.jsonPlaceholderResolver,
          yaml: placeholders.yamlPlaceholderResolver,
          text: placeholders.textPlaceholderResolver,
        },
        reader,
        integrations,
      }),
      new BuiltinKindsEntityProcessor(),
      new UrlReaderProcessor({ reader, logger }),
      new AnnotateLocationEntityProcessor({ integrations }),
      new ScaffolderEntitiesProcessor(),
    ],
    policy: model.EntityPolicies.allOf([
      new model.SchemaValidEntityPolicy(),
      new model.DefaultNamespaceEntityPolicy(),
      new model.NoForeignRootFieldsEntityPolicy(),
      new model.FieldFormatEntityPolicy(model.makeValidator()),
    ]),
    rulesEnforcer: { isAllowed: () => true },
    allowedLocationTypes: ['url'],
    parser: defaultEntityDataParser,
    integrations,
    logger,
  });
  const location = `url:https://github.com/org/hub/blob/main/${entry}`;
  const annotations = { [model.ANNOTATION_LOCATION]: location, [model.ANNOTATION_ORIGIN_LOCATION]: location };
  const first = { apiVersion: 'backstage.io/v1alpha1', kind: 'Location', metadata: { name: 'all', annotations } };
  const todo = [{ ...first, spec: { type: 'url', target: location.slice('url:'.length) } }];
  const seen = new Set();
  while (todo.length) {
    const entity = todo.shift();
    const key = model.stringifyEntityRef(entity);
    if (seen.has(key)) continue;
    seen.add(key);
    const result = await orchestrator.process({ entity });
    errors.push(...result.errors.map(it => `${key}: ${it.message}${it.cause ? `: ${it.cause.message}` : ''}`));
    todo.push(...(result.deferredEntities ?? []).map(it => it.entity));
  }
  return errors;
}

(async () => {
  const verdicts = [];
  for (const files of cases) verdicts.push(await judge(files));
  process.stdout.write(JSON.stringify(verdicts));
})();
