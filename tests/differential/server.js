// Answers every HTTP/1 request with what Node made of it, once its body is there.
'use strict';
const http = require('node:http');

const server = http.createServer({ maxHeaderSize: 1 << 20 }, (request, response) => {
  let length = 0;
  request.on('data', (piece) => { length += piece.length; });
  request.on('end', () => {
    const identity = [];
    for (let at = 0; at < request.rawHeaders.length; at += 2) {
      const name = request.rawHeaders[at].toLowerCase().replace(/[^a-z0-9]/g, '-');
      if (name.startsWith('x-auth-')) identity.push(`${name}=${request.rawHeaders[at + 1]}`);
    }
    response.setHeader('Seen-Method', request.method);
    response.setHeader('Seen-Target', request.url);
    response.setHeader('Seen-Host', (request.headersDistinct.host ?? []).join('|'));
    response.setHeader('Seen-Id', (request.headersDistinct['x-request-id'] ?? []).join('|'));
    response.setHeader('Seen-Body', String(length));
    response.setHeader('Seen-Identity', identity.sort().join(';'));
    response.end();
  });
});
server.maxHeadersCount = 0;
server.keepAliveTimeout = 60000;
server.listen(0, '127.0.0.1', () => console.log(`127.0.0.1:${server.address().port}`));
// Ends with whoever started it.
process.stdin.on('end', () => process.exit()).resume();
