// blip.cpp: BLIP in C++. This header includes the whole public interface.
//
//   auto processor = blip::BlipProcessor::from_pretrained("models/nano-captioning");
//   auto model     = blip::BlipForConditionalGeneration::from_pretrained("models/nano-captioning");
//   auto inputs    = processor(blip::Image::open("dog.jpg"));
//   auto ids       = model.generate(inputs, {.num_beams = 3});
//   std::puts(processor.decode(ids[0], {.skip_special_tokens = true}).c_str());
#pragma once

#include "blip/chinese_clip.hpp"
#include "blip/clip.hpp"
#include "blip/clip_tokenizer.hpp"
#include "blip/conditional_generation.hpp"
#include "blip/config.hpp"
#include "blip/context.hpp"
#include "blip/dalle.hpp"
#include "blip/dalle_tokenizer.hpp"
#include "blip/encoded_image.hpp"
#include "blip/error.hpp"
#include "blip/gemma_tokenizer.hpp"
#include "blip/generation.hpp"
#include "blip/generation_session.hpp"
#include "blip/grad_cam.hpp"
#include "blip/hub.hpp"
#include "blip/image.hpp"
#include "blip/image_classification.hpp"
#include "blip/image_processor_config.hpp"
#include "blip/image_text_retrieval.hpp"
#include "blip/load_options.hpp"
#include "blip/model.hpp"
#include "blip/nlvr.hpp"
#include "blip/processor.hpp"
#include "blip/question_answering.hpp"
#include "blip/siglip.hpp"
#include "blip/siglip_tokenizer.hpp"
#include "blip/tensor.hpp"
#include "blip/text_style.hpp"
#include "blip/tokenizer.hpp"
#include "blip/version.hpp"
#include "blip/vit.hpp"
