"""A provider that is asked in Cohere's own format serves the clients of the others."""
import json
import unittest

import anthropic
import openai

from yard import Sim, Yard, key, provider

WEATHER = {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}}


class Cohere(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sim = Sim()
        cls.yard = Yard({"providers": {"cohere": provider(cls.sim.url, key("only"), wire="cohere")}})
        cls.chat = openai.OpenAI(base_url=cls.yard.url + "/v1", api_key="anything", max_retries=0, timeout=20)
        cls.messages = anthropic.Anthropic(base_url=cls.yard.url, api_key="anything", max_retries=0, timeout=20)

    @classmethod
    def tearDownClass(cls):
        code = cls.yard.stop()
        cls.sim.stop()
        assert code == 0, code

    def tearDown(self):
        self.sim.faults()

    def ask(self, prompt, **more):
        return self.chat.chat.completions.create(model="small", messages=[{"role": "user", "content": prompt}], **more)

    def test_a_chat_client_gets_text_and_what_was_billed(self):
        answer = self.ask("Explain the interlocking of signals", top_p=0.9, seed=3, stop=["@"])
        self.assertIn("interlocking", answer.choices[0].message.content)
        self.assertEqual(answer.choices[0].finish_reason, "stop")
        seen = self.sim.received(bodies=True)["requests"][-1]
        self.assertEqual(seen["path"], "/v2/chat")
        self.assertEqual({k: json.loads(seen["body"])[k] for k in ("model", "p", "seed", "stop_sequences")}, {"model": "small", "p": 0.9, "seed": 3, "stop_sequences": ["@"]})
        self.assertGreater(answer.usage.prompt_tokens, 0)
        self.assertLess(answer.usage.prompt_tokens, 500)   # Cohere's own preamble is not billed

    def test_a_stream_brings_the_same_text_as_the_whole_answer(self):
        chunks = list(self.ask("Points and signals", stream=True, stream_options={"include_usage": True}))
        pieces = [c.choices[0].delta.content or "" for c in chunks if c.choices]
        whole = self.ask("Points and signals")
        self.assertGreater(len(pieces), 5)
        self.assertEqual("".join(pieces), whole.choices[0].message.content)
        self.assertEqual(chunks[-1].usage.completion_tokens, whole.usage.completion_tokens)

    def test_a_tool_is_called_and_its_result_is_used(self):
        messages = [{"role": "user", "content": "What is the weather in Oslo?"}]
        tools = [{"type": "function", "function": {"name": "get_weather", "strict": True, "parameters": WEATHER}}]
        first = self.chat.chat.completions.create(model="small", messages=messages, tools=tools)
        self.assertEqual(first.choices[0].finish_reason, "tool_calls")
        call = first.choices[0].message.tool_calls[0]
        self.assertIn("city", json.loads(call.function.arguments))
        messages += [first.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": "7 degrees"}]
        second = self.chat.chat.completions.create(model="small", messages=messages, tools=tools)
        self.assertIn("7 degrees", second.choices[0].message.content)

    def test_a_messages_client_sees_thoughts_and_calls_in_a_stream(self):
        tools = [{"name": "get_weather", "input_schema": WEATHER}]
        with self.messages.messages.stream(model="small", max_tokens=4000, tools=tools, messages=[{"role": "user", "content": "weather in Oslo"}]) as stream:
            final = stream.get_final_message()
        self.assertEqual(final.stop_reason, "tool_use")
        self.assertIn("city", [b for b in final.content if b.type == "tool_use"][0].input)
        with self.messages.messages.stream(model="small", max_tokens=4000, thinking={"type": "enabled", "budget_tokens": 1024},
                                           messages=[{"role": "user", "content": "Describe the yard"}]) as stream:
            kinds = [block.type for block in stream.get_final_message().content]
        self.assertEqual(kinds, ["thinking", "text"])

    def test_embeddings_come_in_the_order_of_the_texts(self):
        both = self.chat.embeddings.create(model="small", input=["one train", "two ships"], dimensions=512)
        alone = self.chat.embeddings.create(model="small", input="two ships", dimensions=512)
        self.assertEqual([len(e.embedding) for e in both.data], [512, 512])
        for a, b in zip(both.data[1].embedding, alone.data[0].embedding):
            self.assertAlmostEqual(a, b, places=6)
        self.assertGreater(both.usage.prompt_tokens, 0)

    def test_a_stream_that_breaks_off_ends_with_an_error(self):
        self.sim.pace(tokens_per_second=200)   # some of it is away before it breaks
        for kind in ("stream_error", "truncate"):
            self.sim.faults({"kind": kind, "after_events": 20, "next": 1})
            said = ""
            with self.assertRaises(openai.APIError, msg=kind):
                for chunk in self.ask("Points and signals", stream=True):
                    said += chunk.choices[0].delta.content or ""
            self.assertTrue(said, kind)
        self.sim.pace()
        self.assertTrue(self.ask("Points and signals").choices)

    def test_a_refusal_keeps_its_status_and_words(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            self.ask("x", extra_body={"top_k": 501})
        self.assertIn("k must be", str(caught.exception))
