// Reads YAML as Backstage's catalog does (`parseEntityYaml` of its plugin-catalog-node), with the library that it reads
// it with. stdin and stdout are those of main.go.
const { readFileSync } = require('fs');
const yaml = require('yaml');

function read({ text }) {
  const documents = yaml.parseAllDocuments(text, { merge: false, logLevel: 'error' });
  const broken = [...documents].find(document => document.errors.length);
  if (broken) return { values: null, error: String(broken.errors[0]) };
  try {
    const json = JSON.stringify([...documents].map(document => document.toJSON()));
    if (/\\ud[89a-f]/.test(json)) return { values: null, error: 'half a character' };
    return { values: JSON.parse(json) };
  } catch (error) {
    return { values: null, error: String(error) };
  }
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, 'utf8')).map(read)));
