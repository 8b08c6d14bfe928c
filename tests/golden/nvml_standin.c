/* A libnvidia-ml for the machine's own python3 to open: one GPU whose fabric is complete, one whose
 * fabric still trains. */
#include <string.h>

int nvmlInit_v2(void) {
  return 0;
}

int nvmlSystemGetDriverVersion(char* text, unsigned length) {
  strncpy(text, "550.54.14", length);
  return 0;
}

int nvmlSystemGetCudaDriverVersion_v2(int* version) {
  *version = 12040;
  return 0;
}

int nvmlDeviceGetCount_v2(unsigned* count) {
  *count = 2;
  return 0;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
  static char devices[2];
  if (index > 1) return 2;
  *device = &devices[index];
  devices[index] = (char)index;
  return 0;
}

int nvmlDeviceGetUUID(void* device, char* text, unsigned length) {
  strncpy(text, *(char*)device == 0 ? "GPU-a" : "GPU-b", length);
  return 0;
}

/* nvmlGpuFabricInfo_v2_t of nvml.h. */
struct fabric {
  unsigned version;
  unsigned char cluster[16];
  int status;
  unsigned clique;
  unsigned char state;
  unsigned health;
};

int nvmlDeviceGetGpuFabricInfoV(void* device, struct fabric* fabric) {
  if (fabric->version != (sizeof(struct fabric) | 2u << 24)) return 25;
  fabric->state = *(char*)device == 0 ? 3 : 2;
  fabric->status = 0;
  return 0;
}
