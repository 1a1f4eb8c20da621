/* Stands in for libcuda.so.1 and libnvidia-ml.so.1: answers what SIMULATED_DRIVER says, as
   INIT API VERSION [NAME:MAJOR:MINOR:MEGABYTES ...] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct device { char name[64]; int major, minor; long megabytes; };
static int init_status, api, count;
static char version[64];
static struct device devices[8];

__attribute__((constructor)) static void configure(void)
{
    char text[1024], *word;
    const char *wish = getenv("SIMULATED_DRIVER");
    snprintf(text, sizeof text, "%s", wish ? wish : "0 12040 550.54.14");
    init_status = atoi(strtok(text, " "));
    api = atoi(strtok(NULL, " "));
    snprintf(version, sizeof version, "%s", strtok(NULL, " "));
    while ((word = strtok(NULL, " ")) && count < 8) {
        struct device *d = &devices[count++];
        sscanf(word, "%63[^:]:%d:%d:%ld", d->name, &d->major, &d->minor, &d->megabytes);
    }
}

int cuInit(unsigned flags)
{
    (void)flags;
    if (init_status == -2) pause();
    if (init_status < 0) abort();
    return init_status;
}
int cuDriverGetVersion(int *found) { *found = api; return 0; }
int cuDeviceGetCount(int *found) { *found = count; return 0; }
int cuDeviceGet(int *handle, int ordinal) { *handle = ordinal; return 0; }
int cuDeviceGetName(char *name, int size, int handle)
{
    snprintf(name, size, "%s", devices[handle].name);
    return 0;
}
int cuDeviceTotalMem_v2(size_t *bytes, int handle)
{
    *bytes = (size_t)devices[handle].megabytes * 1000000;
    return 0;
}
int cuDeviceGetAttribute(int *found, int attribute, int handle)
{
    *found = attribute == 75 ? devices[handle].major : devices[handle].minor;
    return 0;
}
int nvmlInit_v2(void) { return 0; }
int nvmlSystemGetDriverVersion(char *found, unsigned size)
{
    snprintf(found, size, "%s", version);
    return 0;
}
