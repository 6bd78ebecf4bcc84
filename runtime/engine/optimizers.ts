// Optimizers of onnxruntime that look through a training's graphs for what is never there: quantization, attention, dropout, half precision,
// norms written in one certain way, constants worth folding into one. Each walks all operators several times; together they are a quarter of
// the time that a model takes to open. What does find something stays: transposes into products, activations into what they
// follow, pooling in blocks of channels. (Names: graph_transformer_utils.cc and the classes that it makes, onnxruntime 1.30; one
// that a version does not know is ignored.)

/** As `optimization.disable_specified_optimizers` wants them. */
export const IDLE: string = [
  // quantized networks
  "Avx2WeightS8ToU8Transformer", "DQMatMulToMatMulNBits", "DoubleQDQPairsRemover", "DynamicQuantizeMatMulFusion", "EnsureUniqueDQForNodeUnit", "MatMulIntegerToFloatFusion",
  "MatMulNBitsFusion", "MatMulNBitsMlpFusion", "MatMulNBitsQkvFusion", "QDQFinalCleanupTransformer", "QDQPropagationTransformer", "QDQS8ToU8Transformer", "QDQSelectorActionTransformer",
  "WeightBiasQuantization", "WhereDummyDq",
  // transformers
  "AttentionFusion", "BiasDropoutFusion", "BiasGeluFusion", "BiasSkipLayerNormFusion", "BiasSoftmaxFusion", "EmbedLayerNormFusion", "FastGeluFusion", "GeluApproximation", "GeluFusionL1",
  "GeluFusionL2", "GroupQueryAttentionFusion", "GroupQueryAttentionPreNormFusion", "LayerNormFusionL1", "LayerNormFusionL2", "MatMulScaleFusion", "QuickGeluFusion", "SimplifiedLayerNormFusion",
  "SkipLayerNormFusion",
  // other types of numbers, other layouts, free dims
  "FreeDimensionOverrideTransformer", "FuseFp16InitializerToFp32NodeTransformer", "NhwcTransformer", "RemoveDuplicateCastTransformer", "SaveShapeValuesFromDataPropagation",
  // what our compiler and emitter have done
  "CommonSubexpressionElimination", "ConstantSharing", "GatherSliceToSplitFusion", "GatherToSliceFusion", "MatMulAddFusion", "SliceConcatToSpaceToDepthFusion", "TransposeOptimizer",
].join(";");
