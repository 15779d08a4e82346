'use strict';

// The SQLite that Node brings, behind the name and the few methods by which Backstage's database library asks for one:
// the usual package of this name compiles or downloads its own.

const { DatabaseSync } = require('node:sqlite');

class Statement {
  constructor(statement) {
    this.statement = statement;
    // Whether it answers with rows.
    this.reader = statement.columns().length > 0;
  }

  all(bindings) {
    return this.statement.all(...bindings);
  }

  run(bindings) {
    return this.statement.run(...bindings);
  }
}

module.exports = class Database {
  constructor(filename) {
    this.database = new DatabaseSync(filename);
  }

  prepare(sql) {
    return new Statement(this.database.prepare(sql));
  }

  run(sql) {
    this.database.exec(sql);
  }

  close() {
    this.database.close();
  }
};
