// BLIP_API: what a shared library of blip.cpp exports. Everything else stays inside.
#pragma once

#define BLIP_API __attribute__((visibility("default")))
