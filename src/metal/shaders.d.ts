declare module "*.metal" {
  const source: string;
  export default source;
}
