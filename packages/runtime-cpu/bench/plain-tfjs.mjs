// Plain tfjs on its wasm backend, with the least that training needs beyond it: the two kernels that the backend lacks, written
// the straightforward way.
import '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';

export async function activatePlainTfjs() {
  tf.registerKernel({
    kernelName: 'UnsortedSegmentSum',
    backendName: 'wasm',
    kernelFunc: unsortedSegmentSum,
  });
  tf.registerKernel({
    kernelName: 'Conv2DBackpropFilter',
    backendName: 'wasm',
    kernelFunc: conv2dBackpropFilter,
  });
  await tf.setBackend('wasm');
}

function unsortedSegmentSum({ inputs: { x, segmentIds }, attrs: { numSegments }, backend }) {
  const rest = x.shape.slice(segmentIds.shape.length);
  const width = tf.util.sizeFromShape(rest);
  const out = backend.makeOutput([numSegments, ...rest], 'float32');
  const [from, ids, to] = [x, segmentIds, out].map((tensor) => backend.typedArrayFromHeap(tensor));
  to.fill(0);
  ids.forEach((id, i) => {
    for (let j = 0; j < width; j++) to[id * width + j] += from[i * width + j];
  });
  return out;
}

function conv2dBackpropFilter({ inputs: { x, dy }, attrs, backend }) {
  const { strides, pad, dimRoundingMode, filterShape } = attrs;
  const info = tf.backend_util.computeConv2DInfo(x.shape, filterShape, strides, 1, pad, dimRoundingMode);
  const out = backend.makeOutput(filterShape, 'float32');
  const [image, slope, filter] = [x, dy, out].map((tensor) => backend.typedArrayFromHeap(tensor));
  filter.fill(0);
  const { inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = info;
  for (let fy = 0; fy < info.filterHeight; fy++) {
    for (let fx = 0; fx < info.filterWidth; fx++) {
      const target = (fy * info.filterWidth + fx) * inChannels * outChannels;
      for (let b = 0; b < info.batchSize; b++) {
        for (let oy = 0; oy < outHeight; oy++) {
          const iy = oy * info.strideHeight + fy - info.padInfo.top;
          if (iy < 0 || iy >= inHeight) continue;
          for (let ox = 0; ox < outWidth; ox++) {
            const ix = ox * info.strideWidth + fx - info.padInfo.left;
            if (ix < 0 || ix >= inWidth) continue;
            const source = ((b * inHeight + iy) * inWidth + ix) * inChannels;
            const place = ((b * outHeight + oy) * outWidth + ox) * outChannels;
            for (let c = 0; c < inChannels; c++) {
              for (let o = 0; o < outChannels; o++) {
                filter[target + c * outChannels + o] += image[source + c] * slope[place + o];
              }
            }
          }
        }
      }
    }
  }
  return out;
}
