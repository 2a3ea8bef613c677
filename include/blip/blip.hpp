// blip.cpp: BLIP in C++. This header includes the whole public interface.
//
//   auto processor = blip::BlipProcessor::from_pretrained("models/nano");
//   auto model     = blip::BlipForConditionalGeneration::from_pretrained("models/nano");
//   auto inputs    = processor(blip::Image::open("dog.jpg"));
//   auto ids       = model.generate(inputs, {.num_beams = 3});
//   std::puts(processor.decode(ids[0], {.skip_special_tokens = true}).c_str());
#pragma once

#include "blip/conditional_generation.hpp"
#include "blip/config.hpp"
#include "blip/context.hpp"
#include "blip/error.hpp"
#include "blip/generation.hpp"
#include "blip/image.hpp"
#include "blip/processor.hpp"
#include "blip/tensor.hpp"
#include "blip/tokenizer.hpp"
