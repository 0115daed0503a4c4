// Of Apple's header what the kernels use (declarations of macOS 10.10 and later).
#pragma once

typedef enum { QOS_CLASS_USER_INITIATED = 0x19 } qos_class_t;
int pthread_set_qos_class_self_np(qos_class_t quality, int relative_priority);
