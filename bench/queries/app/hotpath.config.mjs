/** Each contestant has its own config; the file is found beside the app. */
export default JSON.parse(process.env.BENCH_CONFIG ?? '{}')
