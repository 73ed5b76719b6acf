// @ts-check
// Makes dist/client.js: `@tutti/broker/client` for browsers in one file, which a page can load as it is (`<script type="module">`).

/** Bytes that it may have when it is compressed by gzip. */
export const clientGzipBytesMax = 4096

/** @param {string} entry @param {string} outfile */
export async function buildClient(entry, outfile) {
  const { build } = await import('esbuild')
  await build({ entryPoints: [entry], outfile, bundle: true, minify: true, platform: 'browser', target: 'es2022', format: 'esm', logLevel: 'warning' })
}
