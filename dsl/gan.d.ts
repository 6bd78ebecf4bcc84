declare module "*.gan" {
  const text: string;
  export default text;
}
