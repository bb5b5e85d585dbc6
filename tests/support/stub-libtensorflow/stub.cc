// A stand-in for libtensorflow that the real binding of tfjs-node can be compiled, linked and loaded with: tensors go in and out,
// there is one CPU (and one GPU where STUB_GPU is set), and two operations compute, AddV2 and BatchMatMulV2. It trains nothing.
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "tensorflow/c/eager/c_api.h"

struct TF_Status {
  TF_Code code = TF_OK;
  std::string message;
};
struct TF_Tensor {
  TF_DataType type;
  std::vector<int64_t> shape;
  std::vector<char> bytes;
};
struct TFE_TensorHandle {
  TF_DataType type;
  std::vector<int64_t> shape;
  std::vector<char> bytes;
  const float* floats() const { return reinterpret_cast<const float*>(bytes.data()); }
};
struct TFE_Op {
  std::string name;
  std::vector<TFE_TensorHandle*> inputs;
};
struct TF_DeviceList {
  std::vector<std::string> types;
  std::vector<std::string> names;
};
struct TFE_Context {};
struct TFE_ContextOptions {};
struct TF_SessionOptions {};
struct TF_Graph {};

namespace {

void refuse(TF_Status* status, const std::string& what) {
  status->code = TF_UNIMPLEMENTED;
  status->message = "the stand-in for libtensorflow has no " + what;
}

TFE_TensorHandle* add(const TFE_TensorHandle& a, const TFE_TensorHandle& b) {
  auto* sum = new TFE_TensorHandle(a);
  auto* out = reinterpret_cast<float*>(sum->bytes.data());
  for (size_t i = 0; i < sum->bytes.size() / sizeof(float); i++) out[i] += b.floats()[i];
  return sum;
}

/** Two matrices, perhaps with leading dimensions of 1; adj_x and adj_y are taken as false. */
TFE_TensorHandle* multiply(const TFE_TensorHandle& a, const TFE_TensorHandle& b) {
  const size_t rank = a.shape.size();
  const int64_t rows = a.shape[rank - 2], inner = a.shape[rank - 1], columns = b.shape[rank - 1];
  auto* product = new TFE_TensorHandle{a.type, a.shape, std::vector<char>(rows * columns * sizeof(float))};
  product->shape[rank - 1] = columns;
  auto* out = reinterpret_cast<float*>(product->bytes.data());
  for (int64_t r = 0; r < rows; r++)
    for (int64_t c = 0; c < columns; c++)
      for (int64_t k = 0; k < inner; k++) out[r * columns + c] += a.floats()[r * inner + k] * b.floats()[k * columns + c];
  return product;
}

}  // namespace

extern "C" {

const char* TF_Version() { return "2.9.1-stub"; }

size_t TF_DataTypeSize(TF_DataType type) {
  switch (type) {
    case TF_BOOL:
    case TF_UINT8:
      return 1;
    case TF_FLOAT:
    case TF_INT32:
      return 4;
    case TF_INT64:
    case TF_COMPLEX64:
      return 8;
    default:
      return 0;
  }
}

TF_Status* TF_NewStatus() { return new TF_Status; }
void TF_DeleteStatus(TF_Status* status) { delete status; }
TF_Code TF_GetCode(const TF_Status* status) { return status->code; }
const char* TF_Message(const TF_Status* status) { return status->message.c_str(); }

TF_Tensor* TF_AllocateTensor(TF_DataType type, const int64_t* shape, int rank, size_t length) {
  return new TF_Tensor{type, std::vector<int64_t>(shape, shape + rank), std::vector<char>(length)};
}
TF_Tensor* TF_NewTensor(TF_DataType type, const int64_t* shape, int rank, void* data, size_t length,
                        void (*deallocate)(void*, size_t, void*), void* argument) {
  TF_Tensor* tensor = TF_AllocateTensor(type, shape, rank, length);
  memcpy(tensor->bytes.data(), data, length);
  if (deallocate) deallocate(data, length, argument);
  return tensor;
}
void TF_DeleteTensor(TF_Tensor* tensor) { delete tensor; }
void* TF_TensorData(const TF_Tensor* tensor) { return const_cast<char*>(tensor->bytes.data()); }
size_t TF_TensorByteSize(const TF_Tensor* tensor) { return tensor->bytes.size(); }
TF_DataType TF_TensorType(const TF_Tensor* tensor) { return tensor->type; }
int TF_NumDims(const TF_Tensor* tensor) { return static_cast<int>(tensor->shape.size()); }
int64_t TF_Dim(const TF_Tensor* tensor, int axis) { return tensor->shape[axis]; }
int64_t TF_TensorElementCount(const TF_Tensor* tensor) {
  int64_t count = 1;
  for (int64_t size : tensor->shape) count *= size;
  return count;
}

void TF_TString_Init(TF_TString* text) { *text = TF_TString{0, nullptr, 0}; }
void TF_TString_Copy(TF_TString* text, const char* from, size_t length) {
  text->p = static_cast<char*>(malloc(length + 1));
  memcpy(text->p, from, length);
  text->n = length;
}
void TF_TString_Dealloc(TF_TString* text) {
  free(text->p);
  text->p = nullptr;
}
const char* TF_TString_GetDataPointer(const TF_TString* text) { return text->p; }
size_t TF_TString_GetSize(const TF_TString* text) { return text->n; }

TF_Buffer* TF_NewBuffer() { return new TF_Buffer{}; }
TF_Buffer* TF_NewBufferFromString(const void*, size_t) { return new TF_Buffer{}; }
void TF_DeleteBuffer(TF_Buffer* buffer) { delete buffer; }

TF_SessionOptions* TF_NewSessionOptions() { return new TF_SessionOptions; }
void TF_DeleteSessionOptions(TF_SessionOptions* options) { delete options; }
TF_Graph* TF_NewGraph() { return new TF_Graph; }
void TF_DeleteGraph(TF_Graph* graph) { delete graph; }
TF_Operation* TF_GraphOperationByName(TF_Graph*, const char*) { return nullptr; }
TF_Session* TF_LoadSessionFromSavedModel(const TF_SessionOptions*, const TF_Buffer*, const char*, const char* const*, int,
                                         TF_Graph*, TF_Buffer*, TF_Status* status) {
  refuse(status, "sessions");
  return nullptr;
}
void TF_DeleteSession(TF_Session*, TF_Status*) {}
void TF_SessionRun(TF_Session*, const TF_Buffer*, const TF_Output*, TF_Tensor* const*, int, const TF_Output*, TF_Tensor**, int,
                   const TF_Operation* const*, int, TF_Buffer*, TF_Status* status) {
  refuse(status, "sessions");
}

TFE_ContextOptions* TFE_NewContextOptions() { return new TFE_ContextOptions; }
void TFE_DeleteContextOptions(TFE_ContextOptions* options) { delete options; }
TFE_Context* TFE_NewContext(const TFE_ContextOptions*, TF_Status*) { return new TFE_Context; }
void TFE_DeleteContext(TFE_Context* context) { delete context; }

TF_DeviceList* TFE_ContextListDevices(TFE_Context*, TF_Status*) {
  auto* list = new TF_DeviceList{{"CPU"}, {}};
  if (getenv("STUB_GPU")) list->types.push_back("GPU");
  for (const std::string& type : list->types) list->names.push_back("/job:localhost/replica:0/task:0/device:" + type + ":0");
  return list;
}
int TF_DeviceListCount(const TF_DeviceList* list) { return static_cast<int>(list->types.size()); }
const char* TF_DeviceListName(const TF_DeviceList* list, int i, TF_Status*) { return list->names[i].c_str(); }
const char* TF_DeviceListType(const TF_DeviceList* list, int i, TF_Status*) { return list->types[i].c_str(); }
void TF_DeleteDeviceList(TF_DeviceList* list) { delete list; }

TFE_TensorHandle* TFE_NewTensorHandle(const TF_Tensor* tensor, TF_Status*) {
  return new TFE_TensorHandle{tensor->type, tensor->shape, tensor->bytes};
}
void TFE_DeleteTensorHandle(TFE_TensorHandle* handle) { delete handle; }
TF_DataType TFE_TensorHandleDataType(TFE_TensorHandle* handle) { return handle->type; }
int TFE_TensorHandleNumDims(TFE_TensorHandle* handle, TF_Status*) { return static_cast<int>(handle->shape.size()); }
int64_t TFE_TensorHandleDim(TFE_TensorHandle* handle, int axis, TF_Status*) { return handle->shape[axis]; }
TF_Tensor* TFE_TensorHandleResolve(TFE_TensorHandle* handle, TF_Status*) {
  return new TF_Tensor{handle->type, handle->shape, handle->bytes};
}
TFE_TensorHandle* TFE_TensorHandleCopyToDevice(TFE_TensorHandle* handle, TFE_Context*, const char*, TF_Status*) {
  return new TFE_TensorHandle(*handle);
}

TFE_Op* TFE_NewOp(TFE_Context*, const char* name, TF_Status*) { return new TFE_Op{name, {}}; }
void TFE_DeleteOp(TFE_Op* op) { delete op; }
void TFE_OpAddInput(TFE_Op* op, TFE_TensorHandle* input, TF_Status*) { op->inputs.push_back(input); }
void TFE_OpSetAttrString(TFE_Op*, const char*, const void*, size_t) {}
void TFE_OpSetAttrInt(TFE_Op*, const char*, int64_t) {}
void TFE_OpSetAttrFloat(TFE_Op*, const char*, float) {}
void TFE_OpSetAttrBool(TFE_Op*, const char*, unsigned char) {}
void TFE_OpSetAttrType(TFE_Op*, const char*, TF_DataType) {}
void TFE_OpSetAttrShape(TFE_Op*, const char*, const int64_t*, int, TF_Status*) {}
void TFE_OpSetAttrIntList(TFE_Op*, const char*, const int64_t*, int) {}
void TFE_OpSetAttrFloatList(TFE_Op*, const char*, const float*, int) {}
void TFE_OpSetAttrBoolList(TFE_Op*, const char*, const unsigned char*, int) {}

void TFE_Execute(TFE_Op* op, TFE_TensorHandle** outputs, int* count, TF_Status* status) {
  const bool two = op->inputs.size() == 2 && op->inputs[0]->type == TF_FLOAT && op->inputs[1]->type == TF_FLOAT;
  if (op->name == "AddV2" && two && op->inputs[0]->bytes.size() == op->inputs[1]->bytes.size())
    outputs[0] = add(*op->inputs[0], *op->inputs[1]);
  else if (op->name == "BatchMatMulV2" && two)
    outputs[0] = multiply(*op->inputs[0], *op->inputs[1]);
  else
    return refuse(status, "operation " + op->name);
  *count = 1;
}

}  // extern "C"
