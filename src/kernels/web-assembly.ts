/** A compiled module. */
export interface WasmModule {
  readonly kind?: "module";
}

/** What the kernels use of WebAssembly: TypeScript declares it only together with all of a browser's types. */
export interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Memory: new (options: { initial: number }) => { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly Instance: new (module: WasmModule, imports: object) => { readonly exports: object };
}
