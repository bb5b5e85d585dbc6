// A stand-in for tests: the 58 functions of the TensorFlow C API that tfjs-node 4.22's binding calls, and no more.
#ifndef STUB_TF_C_API_H_
#define STUB_TF_C_API_H_
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif
typedef enum TF_DataType { TF_FLOAT = 1, TF_DOUBLE = 2, TF_INT32 = 3, TF_UINT8 = 4, TF_INT16 = 5, TF_INT8 = 6, TF_STRING = 7, TF_COMPLEX64 = 8, TF_INT64 = 9, TF_BOOL = 10, TF_RESOURCE = 20 } TF_DataType;
typedef enum TF_Code { TF_OK = 0, TF_CANCELLED = 1, TF_UNKNOWN = 2, TF_INVALID_ARGUMENT = 3, TF_UNIMPLEMENTED = 12 } TF_Code;
typedef enum TF_AttrType { TF_ATTR_STRING = 0, TF_ATTR_INT = 1, TF_ATTR_FLOAT = 2, TF_ATTR_BOOL = 3, TF_ATTR_TYPE = 4, TF_ATTR_SHAPE = 5, TF_ATTR_TENSOR = 6, TF_ATTR_PLACEHOLDER = 7, TF_ATTR_FUNC = 8 } TF_AttrType;
typedef struct TF_Status TF_Status;
typedef struct TF_Tensor TF_Tensor;
typedef struct TF_Session TF_Session;
typedef struct TF_SessionOptions TF_SessionOptions;
typedef struct TF_Graph TF_Graph;
typedef struct TF_Operation TF_Operation;
typedef struct TF_DeviceList TF_DeviceList;
typedef struct TF_Buffer { const void* data; size_t length; void (*data_deallocator)(void*, size_t); } TF_Buffer;
typedef struct TF_Output { TF_Operation* oper; int index; } TF_Output;
typedef struct TF_TString { size_t n; char* p; size_t c; } TF_TString;
const char* TF_Version(void);
size_t TF_DataTypeSize(TF_DataType);
TF_Status* TF_NewStatus(void);
void TF_DeleteStatus(TF_Status*);
TF_Code TF_GetCode(const TF_Status*);
const char* TF_Message(const TF_Status*);
TF_Tensor* TF_NewTensor(TF_DataType, const int64_t*, int, void*, size_t, void (*)(void*, size_t, void*), void*);
TF_Tensor* TF_AllocateTensor(TF_DataType, const int64_t*, int, size_t);
void TF_DeleteTensor(TF_Tensor*);
void* TF_TensorData(const TF_Tensor*);
size_t TF_TensorByteSize(const TF_Tensor*);
TF_DataType TF_TensorType(const TF_Tensor*);
int64_t TF_TensorElementCount(const TF_Tensor*);
int TF_NumDims(const TF_Tensor*);
int64_t TF_Dim(const TF_Tensor*, int);
void TF_TString_Init(TF_TString*);
void TF_TString_Copy(TF_TString*, const char*, size_t);
void TF_TString_Dealloc(TF_TString*);
const char* TF_TString_GetDataPointer(const TF_TString*);
size_t TF_TString_GetSize(const TF_TString*);
TF_Buffer* TF_NewBuffer(void);
TF_Buffer* TF_NewBufferFromString(const void*, size_t);
void TF_DeleteBuffer(TF_Buffer*);
TF_SessionOptions* TF_NewSessionOptions(void);
void TF_DeleteSessionOptions(TF_SessionOptions*);
TF_Graph* TF_NewGraph(void);
void TF_DeleteGraph(TF_Graph*);
TF_Operation* TF_GraphOperationByName(TF_Graph*, const char*);
TF_Session* TF_LoadSessionFromSavedModel(const TF_SessionOptions*, const TF_Buffer*, const char*, const char* const*, int, TF_Graph*, TF_Buffer*, TF_Status*);
void TF_DeleteSession(TF_Session*, TF_Status*);
void TF_SessionRun(TF_Session*, const TF_Buffer*, const TF_Output*, TF_Tensor* const*, int, const TF_Output*, TF_Tensor**, int, const TF_Operation* const*, int, TF_Buffer*, TF_Status*);
int TF_DeviceListCount(const TF_DeviceList*);
const char* TF_DeviceListName(const TF_DeviceList*, int, TF_Status*);
const char* TF_DeviceListType(const TF_DeviceList*, int, TF_Status*);
void TF_DeleteDeviceList(TF_DeviceList*);
#ifdef __cplusplus
}
#endif
#endif
